/** Names under which app.ts registers the entities that make up the queues. */
export const RUN_QUEUE = 'run-queue';
export const QUEUE_COURIER = 'queue-courier';
export const UNATTENDED_CAPACITY = 'unattended-capacity';

/** Key of the one capacity of the environment. */
export const CAPACITY_KEY = 'environment';
