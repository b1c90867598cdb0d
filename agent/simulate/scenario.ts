import { parse, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { osFamily } from '../../contracts/agent-protocol';
import { resourceName } from '../../contracts/ids';
import { runErrors } from '../../contracts/run-errors';
import type { ErrorCode } from '../../contracts/errors';
import { durationInMs, durationWithDefault } from './duration';

const user = z.string().min(1).max(256);
const sessionState = z.enum(['active', 'locked', 'disconnected']);

const machine = z.strictObject({
  name: resourceName,
  os: osFamily,
  /** Remote Desktop Services; a server without them has two sessions. */
  rds: z.boolean().default(false),
  /** Servers with Remote Desktop Services: sessions at once. Linux: runs at once. */
  maxSessions: z.int().min(1).max(100).default(1),
  multipleSessionsPerUser: z.boolean().default(false),
  users: z
    .array(
      z.strictObject({
        name: user,
        /** Other names of the account, such as user@domain. */
        aliases: z.array(user).default([]),
        password: z.enum(['accepted', 'refused']).default('accepted'),
      }),
    )
    .default([]),
  /** What the machine starts with. */
  sessions: z.array(z.strictObject({ user, state: sessionState })).default([]),
  network: z.enum(['up', 'down']).default('up'),
  /** How long a sign-in takes. */
  sessionCreation: durationWithDefault('PT0.2S'),
});
export type ScenarioMachine = z.infer<typeof machine>;

const on = { at: durationInMs, machine: z.string() };
/** The event waits, from `at` on, for this to happen on the machine, so that it always meets a run. */
const when = z.enum(['runBegins', 'runRefused']).optional();
const ofUser = { ...on, user, when };

const event = z.discriminatedUnion('do', [
  z.strictObject({ ...ofUser, do: z.enum(['signIn', 'lock', 'unlock', 'disconnect', 'signOff']) }),
  z.strictObject({ ...ofUser, do: z.literal('setPassword'), password: z.enum(['accepted', 'refused']) }),
  z.strictObject({ ...on, do: z.literal('reboot'), when, takes: durationWithDefault('PT2S') }),
  z.strictObject({ ...on, do: z.literal('networkDown'), when, for: durationInMs.optional() }),
  z.strictObject({ ...on, do: z.literal('networkUp'), when }),
  z.strictObject({
    ...on,
    do: z.literal('slowSessions'),
    when,
    takes: durationInMs,
    for: durationInMs.optional(),
  }),
]);
export type ScenarioEvent = z.infer<typeof event>;

const behaviour = z.strictObject({
  /** Name of the desktop flow; * stands for any characters. */
  flow: z.string().min(1),
  takes: durationWithDefault('PT1S'),
  /** Shown one after the other, each for an equal share of the time. */
  steps: z
    .array(z.strictObject({ subflow: z.string().max(200).optional(), action: z.string().min(1).max(200) }))
    .default([]),
  log: z.array(z.string()).default([]),
  outputs: z.record(z.string(), z.unknown()).default({}),
  /** The run ends with this error. */
  fail: z
    .strictObject({
      code: z.enum(Object.keys(runErrors) as [ErrorCode, ...ErrorCode[]]).default('DesktopFlowFailed'),
      message: z.string().max(2_000).optional(),
    })
    .optional(),
});
export type RunBehaviour = z.infer<typeof behaviour>;

/** A fleet of simulated machines and what happens to them. Times count from the start of the script. */
const scenarioSchema = z
  .strictObject({
    machines: z.array(machine).min(1).max(100),
    timeline: z.array(event).default([]),
    /** The first that fits the flow's name counts; without any a run takes a second and succeeds. */
    runs: z.array(behaviour).default([]),
  })
  .superRefine(({ machines, timeline }, context) => {
    const complain = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    const known = new Map<string, ScenarioMachine>();
    machines.forEach((each, index) => {
      if (known.has(each.name)) complain(['machines', index, 'name'], `${each.name} is there twice`);
      known.set(each.name, each);
      each.sessions.forEach((session, place) => {
        if (!hasUser(each, session.user))
          complain(
            ['machines', index, 'sessions', place, 'user'],
            `${each.name} has no user ${session.user}`,
          );
      });
    });
    timeline.forEach((each, index) => {
      const target = known.get(each.machine);
      if (!target) complain(['timeline', index, 'machine'], `there is no machine ${each.machine}`);
      else if ('user' in each && !hasUser(target, each.user))
        complain(['timeline', index, 'user'], `${target.name} has no user ${each.user}`);
    });
  });
export type Scenario = z.infer<typeof scenarioSchema>;

/** A scenario that cannot be read: which places, and what is wrong there. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
}

/** Reads a scenario. @throws ScenarioError naming every place that is wrong. */
export function readScenario(yaml: string): Scenario {
  return readYaml(yaml, scenarioSchema);
}

/** Reads YAML of a schema. @throws ScenarioError naming every place that is wrong. */
export function readYaml<T>(yaml: string, schema: z.ZodType<T>): T {
  let given: unknown;
  try {
    given = parse(yaml);
  } catch (error) {
    if (error instanceof YAMLParseError) throw new ScenarioError(`This is not YAML: ${error.message}`);
    throw error;
  }
  const read = schema.safeParse(given);
  if (read.success) return read.data;
  throw new ScenarioError(
    read.error.issues.map(({ path, message }) => `${placeOf(path)}: ${message}`).join('\n'),
  );
}

function hasUser(machine: Pick<ScenarioMachine, 'users'>, name: string): boolean {
  return machine.users.some((known) =>
    [known.name, ...known.aliases].some((each) => each.toLowerCase() === name.toLowerCase()),
  );
}

function placeOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'The file';
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}
