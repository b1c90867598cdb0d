import os from 'node:os';
import { AgentError } from '../errors';
import { LinuxSessions, type LinuxSessionOptions } from './linux/linux-session';
import { findTool, SESSION_TOOLS } from './linux/tools';
import { ownSession } from './own';
import type { SessionPort } from './session';
import { WindowsSessions } from './windows/windows-session';

/**
 * own: runs execute in the agent's own session. linux: in sessions of other users, which needs root. windows: the same there, which needs the
 * system's own account. auto: as the machine allows.
 */
export const sessionKinds = ['auto', 'linux', 'windows', 'own'] as const;
export type SessionKind = (typeof sessionKinds)[number];

export interface ChosenSession {
  kind: 'linux' | 'windows' | 'own';
  /** Why this one, as a person reads it. */
  why: string;
}

/**
 * Which sessions runs of this agent get.
 * @throws AgentError SessionKindNotPossible when `linux` or `windows` is wanted and cannot be.
 */
export function chooseSessionKind(wanted: SessionKind, find = findTool): ChosenSession {
  if (wanted === 'own') return { kind: 'own', why: 'it was started with --session own' };
  if (wanted === 'windows' || (wanted === 'auto' && process.platform === 'win32'))
    return chooseWindows(wanted);
  const problem = whyNotLinux(find);
  if (problem === undefined) {
    const xvfb = find('Xvfb');
    if (xvfb !== undefined) return { kind: 'linux', why: `the agent is root and ${xvfb} is there` };
    if (wanted === 'linux')
      return { kind: 'linux', why: 'it was started with --session linux; Xvfb is missing' };
    return { kind: 'own', why: 'Xvfb is not installed (apt-get install xvfb)' };
  }
  if (wanted === 'linux') throw new AgentError('SessionKindNotPossible', `--session linux: ${problem}.`);
  return { kind: 'own', why: problem };
}

function chooseWindows(wanted: 'windows' | 'auto'): ChosenSession {
  // Its name is SYSTEM, translated in some languages; its variable USERNAME is the computer's name with a dollar sign.
  const { USERNAME: name = '' } = process.env;
  const windows = process.platform === 'win32';
  const system = windows && (name.endsWith('$') || os.userInfo().username === 'SYSTEM');
  if (system) return { kind: 'windows', why: "the agent runs as the system's account" };
  const problem = windows ? "the agent does not run as the system's account" : 'this is not Windows';
  if (wanted === 'windows') throw new AgentError('SessionKindNotPossible', `--session windows: ${problem}.`);
  return { kind: 'own', why: problem };
}

/** The port of the chosen kind. */
export function sessionPort(kind: ChosenSession['kind'], options: LinuxSessionOptions): SessionPort {
  if (kind === 'windows') return new WindowsSessions(options);
  if (kind === 'linux') return new LinuxSessions(options);
  return ownSession(options.maxSessions === undefined ? {} : { maxSessions: options.maxSessions });
}

function whyNotLinux(find: typeof findTool): string | undefined {
  if (process.platform !== 'linux') return 'this is not Linux';
  if (process.getuid?.() !== 0) return 'the agent is not root and cannot act as another user';
  for (const tool of SESSION_TOOLS) if (find(tool) === undefined) return `${tool} is not installed`;
  return undefined;
}
