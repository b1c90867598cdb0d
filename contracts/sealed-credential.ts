import { z } from 'zod';
import type { Fence } from './ids';
import type { BoxUse } from './sealed-box';

/** The account that a session is made with (row B3). Never in a history, a log, an event or a journal: there it is sealed. */
export const credential = z.object({ user: z.string(), password: z.string() });
export type Credential = z.infer<typeof credential>;

const CREDENTIAL = 'attendant-credential-1';
const INPUTS = 'attendant-inputs-1';
const OUTPUTS = 'attendant-outputs-1';

/** The one use of a sealing; for any other it cannot be opened, so that it cannot be replayed. */
export type SealedUse =
  { machine: string; run: string; fence: Fence } | { machine: string; test: string; epoch: number };

/** How a credential is sealed (contracts/sealed-box.ts) for one run or test on one machine. */
export function credentialUse(use: SealedUse): BoxUse {
  const purpose =
    'run' in use
      ? ['run', use.run, `${use.fence.epoch}.${use.fence.n}`]
      : ['test', use.test, String(use.epoch)];
  return { info: CREDENTIAL, use: [CREDENTIAL, use.machine, ...purpose].join('\n') };
}

/** How the inputs of a run are sealed for the machine that it was granted. */
export function inputsUse({ machine, run, fence }: { machine: string; run: string; fence: Fence }): BoxUse {
  return { info: INPUTS, use: [INPUTS, machine, run, `${fence.epoch}.${fence.n}`].join('\n') };
}

/** How a machine seals the outputs of a run for the control plane; `use` is the run's (contracts/sealed-values.ts). */
export function outputsUse(use: string): BoxUse {
  return { info: OUTPUTS, use: [OUTPUTS, use].join('\n') };
}
