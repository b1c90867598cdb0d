import { execFile } from 'node:child_process';
import { access, lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { environmentOf } from '../../process/process-group';
import { processTable, type ProcessRow } from '../../process/process-table';
import { nameOfUid } from '../linux-accounts';
import { SESSION_MARK } from './environment';
import { isServed, xSocket } from './x-display';

/** A graphical session in which a person has signed in. */
export interface Desktop {
  user: string;
  uid: number;
  state: 'active' | 'locked' | 'disconnected';
  /** Such as `:0`; absent where nothing tells it. */
  display?: string | undefined;
  /** Id that logind knows it by. */
  id?: string | undefined;
}

const PATIENCE_MS = 10_000;
/** Without logind: this file in the user's home says that the screen is locked. */
const LOCK_MARKER = '.attendant-locked';
/** Without logind: programs that run exactly as long as the screen is locked. */
const LOCKERS = /^(i3lock|slock|xsecurelock|swaylock|xtrlock|vlock|physlock)$/;
const GRAPHICAL = ['x11', 'wayland', 'mir'];

/**
 * The graphical sessions of people (row E1): from logind, and on a machine without it from the owners of the X displays. Sessions that
 * an agent has made are not among them.
 */
export async function desktops(): Promise<Desktop[]> {
  const told = await logindSessions();
  return told === undefined ? displayOwners() : parseLogind(told);
}

async function logindSessions(): Promise<string | undefined> {
  const list = await loginctl(['list-sessions', '--no-legend', '--no-pager']);
  if (list === undefined) return undefined;
  const ids = list.split('\n').flatMap((line) => line.trim().split(/\s+/)[0] || []);
  if (ids.length === 0) return '';
  const fields = ['Id', 'User', 'Name', 'Type', 'Class', 'State', 'Display', 'LockedHint'];
  return loginctl(['show-session', ...fields.flatMap((field) => ['-p', field]), '--', ...ids]);
}

function loginctl(args: string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile('loginctl', args, { timeout: PATIENCE_MS }, (error, stdout) =>
      resolve(error ? undefined : stdout),
    );
  });
}

/** Reads what `loginctl show-session` prints: one paragraph of `Name=value` lines per session (org.freedesktop.login1(5)). */
export function parseLogind(text: string): Desktop[] {
  return text.split(/\n\n+/).flatMap((paragraph) => {
    const of = new Map(
      paragraph.split('\n').map((line) => [line.split('=')[0], line.split('=').slice(1).join('=')]),
    );
    const uid = Number(of.get('User'));
    const known = of.get('Class') === 'user' && GRAPHICAL.includes(of.get('Type') ?? '');
    if (!known || !Number.isInteger(uid) || of.get('State') === 'closing') return [];
    const state =
      of.get('LockedHint') === 'yes' ? 'locked' : of.get('State') === 'active' ? 'active' : 'disconnected';
    const display = of.get('Display') || undefined;
    return [{ user: of.get('Name') ?? String(uid), uid, state, display, id: of.get('Id') }];
  });
}

async function displayOwners(): Promise<Desktop[]> {
  const sockets = await readdir(path.dirname(xSocket(0))).catch((): string[] => []);
  const numbers = sockets.flatMap((name) => (/^X\d+$/.test(name) ? Number(name.slice(1)) : []));
  const table = processTable();
  const found: Desktop[] = [];
  for (const number of numbers) {
    if (!(await isServed(number))) continue;
    const owner = await lstat(xSocket(number)).catch(() => undefined);
    const display = `:${number}`;
    const inside = processesWith(table, 'DISPLAY', display);
    if (isMadeByAgent(inside)) continue;
    // A display manager's server belongs to root; whose session it is, its programs say.
    const uid = owner?.uid || inside.find((row) => row.uid !== 0)?.uid;
    if (uid === undefined || uid === 0) continue;
    const locked = await isLocked(inside.filter((row) => row.uid === uid));
    found.push({ user: await nameOfUid(uid), uid, state: locked ? 'locked' : 'active', display });
  }
  return found;
}

function isMadeByAgent(inside: readonly ProcessRow[]): boolean {
  return inside.some(({ pid }) => valueOf(environmentOf(pid), SESSION_MARK) !== undefined);
}

async function isLocked(inside: readonly ProcessRow[]): Promise<boolean> {
  for (const { pid, name } of inside) {
    if (LOCKERS.test(name)) return true;
    const home = valueOf(environmentOf(pid), 'HOME');
    if (home !== undefined && (await exists(path.join(home, LOCK_MARKER)))) return true;
  }
  return false;
}

/** Variables that make a program part of a person's session, taken from the oldest program in it. */
const SHARED =
  /^(DISPLAY|XAUTHORITY|WAYLAND_DISPLAY|DBUS_SESSION_BUS_ADDRESS|DESKTOP_SESSION|GTK_.*|QT_.*|XDG_.*|LANG|LC_.*|PATH)=/;

export async function desktopEnvironment(desktop: Desktop): Promise<Record<string, string>> {
  const table = processTable();
  const byDisplay = desktop.display ? processesWith(table, 'DISPLAY', desktop.display) : [];
  const inside = desktop.id
    ? [...byDisplay, ...processesWith(table, 'XDG_SESSION_ID', desktop.id)]
    : byDisplay;
  const oldest = inside
    .filter(({ uid }) => uid === desktop.uid)
    .sort((one, other) => one.startTicks - other.startTicks);
  for (const { pid } of oldest) {
    const entries = environmentOf(pid).filter((entry) => SHARED.test(entry));
    if (valueOf(entries, 'DISPLAY') ?? valueOf(entries, 'WAYLAND_DISPLAY')) {
      return Object.fromEntries(entries.map((entry) => entry.split(/=(.*)/s).slice(0, 2))) as Record<
        string,
        string
      >;
    }
  }
  return desktop.display === undefined ? {} : { DISPLAY: desktop.display };
}

function processesWith(table: ReadonlyMap<number, ProcessRow>, name: string, value: string): ProcessRow[] {
  return [...table.values()].filter((row) => {
    const found = valueOf(environmentOf(row.pid), name);
    // `:0.0` is a screen of `:0`.
    return found === value || (name === 'DISPLAY' && found === `${value}.0`);
  });
}

function valueOf(entries: readonly string[], name: string): string | undefined {
  return entries.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
