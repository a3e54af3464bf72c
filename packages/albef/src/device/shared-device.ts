import type { OpenedDevice } from "./open-device.ts";

/** A device that several models use; it is closed with the last of them. */
export interface SharedDevice {
  readonly opened: OpenedDevice;
  /** Counts one user more; the result ends that use. */
  lease(): () => void;
}

export function sharedDevice(opened: OpenedDevice): SharedDevice {
  let users = 0;
  return {
    opened,
    lease() {
      users++;
      let ended = false;
      return () => {
        if (ended) return;
        ended = true;
        if (--users === 0) opened.dispose();
      };
    },
  };
}

/** A device that is in use until `release`. */
export function held(opened: OpenedDevice): { readonly device: SharedDevice; release(): void } {
  const device = sharedDevice(opened);
  return { device, release: device.lease() };
}
