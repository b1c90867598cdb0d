import { z } from 'zod';

/** What the host process tells the launcher. */
export const hostMessage = z.object({ kind: z.literal('ready'), url: z.string(), pid: z.int() });
export type HostMessage = z.infer<typeof hostMessage>;

/** Exit code of a host that cannot start as configured; starting it again would not help. */
export const HOST_REFUSED = 78;
