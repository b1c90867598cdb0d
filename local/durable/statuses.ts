import type { RuntimeStatus } from './engine-api';

/** Position = number in the store. */
const STATUSES: readonly RuntimeStatus[] = [
  'Pending',
  'Running',
  'Suspended',
  'Completed',
  'Failed',
  'Terminated',
  'ContinuedAsNew',
  'Canceled',
];

export const statusNumber = (status: RuntimeStatus): number => STATUSES.indexOf(status);

export const statusName = (number: number): RuntimeStatus => STATUSES[number] ?? 'Failed';

const OPEN: readonly RuntimeStatus[] = ['Pending', 'Running', 'Suspended'];

/** Whether an instance in this status may still do something. */
export const isOpen = (status: RuntimeStatus): boolean => OPEN.includes(status);

/** The statuses that no episode follows. */
export const ENDED: readonly RuntimeStatus[] = STATUSES.filter((status) => !isOpen(status));
