import { QuotaError } from "../errors.ts";
import type { Job } from "./job.ts";

/** The error for storage that is used up: how much is needed, and what to free. */
export async function quotaError(job: Job): Promise<QuotaError> {
  const { usage, quota } = (await globalThis.navigator?.storage?.estimate?.()) ?? {};
  const files = await job.store.list("").catch(() => []); // another download may remove one while they are listed
  const cached = files.reduce((sum, { size }) => sum + size, 0);
  const needed = job.expected ? megabytes(job.expected.size) : "it";
  const figures = quota === undefined ? "" : ` (${megabytes(usage ?? 0)} of ${megabytes(quota)} used)`;
  const free = cached > 0 ? `clearCache() frees ${megabytes(cached)} of cached models` : "free space on the disk";
  return new QuotaError(`${job.name}: no space to keep ${needed}${figures}; ${free}, or load with cache: "memory"`, {
    ...(job.expected && { neededBytes: job.expected.size }),
    ...(usage !== undefined && { usageBytes: usage }),
    ...(quota !== undefined && { quotaBytes: quota }),
  });
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
