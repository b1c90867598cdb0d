/** The engine's tables, oldest step first; see README.md. A released step is never changed. */
export const SCHEMA: readonly string[] = [
  `
  CREATE TABLE d_instance (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    execution_id TEXT NOT NULL,
    status INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    episodes INTEGER NOT NULL DEFAULT 0,
    custom_status TEXT,
    output TEXT,
    locked_by TEXT
  );
  CREATE INDEX d_instance_created ON d_instance (created_ms, seq);
  CREATE INDEX d_instance_status ON d_instance (status, created_ms, seq);
  CREATE INDEX d_instance_locked ON d_instance (locked_by) WHERE locked_by IS NOT NULL;

  CREATE TABLE d_input (
    seq INTEGER PRIMARY KEY,
    input TEXT,
    version TEXT,
    parent TEXT,
    generation INTEGER
  );
  CREATE TABLE d_entity (seq INTEGER PRIMARY KEY, state TEXT);
  CREATE TABLE d_history (id INTEGER PRIMARY KEY, events TEXT NOT NULL);
  CREATE TABLE d_message (seq INTEGER PRIMARY KEY, instance INTEGER NOT NULL, body TEXT NOT NULL);
  CREATE TABLE d_activity (
    seq INTEGER PRIMARY KEY,
    instance INTEGER NOT NULL,
    instance_id TEXT NOT NULL,
    execution_id TEXT NOT NULL,
    task_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    input TEXT
  );
  CREATE TABLE d_timer (
    seq INTEGER PRIMARY KEY,
    due_ms INTEGER NOT NULL,
    instance INTEGER NOT NULL,
    target TEXT,
    body TEXT NOT NULL
  );
  CREATE INDEX d_timer_due ON d_timer (due_ms, seq);
  CREATE INDEX d_timer_instance ON d_timer (instance) WHERE instance > 0;
  `,
];

/** Episodes of one execution; together with the instance's number they make the key of its history rows. */
export const EPISODES_PER_INSTANCE = 2 ** 20;
