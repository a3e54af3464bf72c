export function compactWgsl(code: string): string;
