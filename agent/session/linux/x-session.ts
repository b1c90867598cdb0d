import { randomBytes } from 'node:crypto';
import { chown, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { identify, isAlive } from '../../process/process-identity';
import type { LinuxAccount } from '../linux-accounts';
import { announced, spawnAsUser, type UserPlace } from './as-user';
import { entryOf, makeGroup, removeGroup } from './cgroup';
import {
  authorityFile,
  busSocket,
  runtimeFolder,
  screenFolder,
  sessionEnvironment,
  sessionMark,
} from './environment';
import { pngOfDump, readScreen } from './screen';
import { endSessionProcesses, type SessionScope } from './session-processes';
import type { SessionRecord, SessionRecords } from './session-record';
import { newCookie, writeAuthority } from './x-authority';
import type { XConnection } from './x-connection';
import { clearDisplay, freeDisplays, prepareSockets } from './x-display';
import { lockDisplay, reachDisplay, startXServer } from './x-server';

/** Sessions lie here, each in a folder of its user: short paths for sockets, gone after a restart of the machine. */
const RUNTIME_ROOT = '/run/attendant';
const START_ATTEMPTS = 5;
const BUS_START_MS = 10_000;

export interface XSessionOptions {
  records: SessionRecords;
  installation: string;
  /** Width, height and depth: `1280x800x24`. */
  screen: string;
  /** False: no control groups, though the machine has them. */
  cgroups: boolean;
}

/** One X session that the agent has made: begun, locked, taken again, ended. What it consists of is on disk before it exists. */
export class XSession {
  private constructor(
    private readonly options: XSessionOptions,
    readonly record: SessionRecord,
  ) {}

  /** A session of the account that is yet to be started. @param taken displays that are in use or about to be. */
  static async plan(options: XSessionOptions, account: LinuxAccount, taken: Set<number>): Promise<XSession> {
    const id = randomBytes(6).toString('hex');
    const { name: user, uid, gid, home } = account;
    const group = options.cgroups ? await makeGroup(`attendant-${id}`) : undefined;
    const display = await freeDisplay(taken);
    const session = new XSession(options, {
      id,
      user,
      uid,
      gid,
      home,
      display,
      cookie: newCookie(),
      state: 'used',
      since: Date.now(),
      folder: path.join(RUNTIME_ROOT, id),
      ...(group === undefined ? {} : { group }),
    });
    await session.save();
    return session;
  }

  /** A session of an earlier process of the agent. */
  static of(options: XSessionOptions, record: SessionRecord): XSession {
    return new XSession(options, record);
  }

  get env(): Record<string, string> {
    return sessionEnvironment(this.record, this.options.installation);
  }

  get place(): UserPlace {
    const { uid, gid, group } = this.record;
    return { owner: { uid, gid }, groupEntry: group === undefined ? undefined : entryOf(group) };
  }

  /**
   * Makes the folder, starts the X server and, where there is one, a message bus.
   * @param taken displays that are in use; a number that somebody else took meanwhile is replaced.
   * @throws Error when no server starts.
   */
  async start(taken: Set<number>): Promise<void> {
    const { record } = this;
    const { uid, gid, folder } = record;
    await prepareSockets();
    await mkdir(RUNTIME_ROOT, { recursive: true, mode: 0o711 });
    await mkdir(folder, { mode: 0o711 });
    for (const own of [runtimeFolder(folder), screenFolder(folder)]) {
      await mkdir(own, { mode: 0o700 });
      await chown(own, uid, gid);
    }
    for (let attempt = 1; ; attempt++) {
      try {
        await this.startServer();
        break;
      } catch (error) {
        if (attempt === START_ATTEMPTS || !/already active|in use/i.test((error as Error).message))
          throw error;
        record.display = await freeDisplay(taken);
        await this.save();
      }
    }
    await this.startBus();
    await this.save();
  }

  private async startServer(): Promise<void> {
    const { record, place, env, options } = this;
    const { display, folder, cookie } = record;
    await writeAuthority(authorityFile(folder), { display, cookie, owner: place.owner });
    record.server = await startXServer({ place, env, display, folder, screen: options.screen });
    await this.save();
  }

  private async startBus(): Promise<void> {
    const { record, place } = this;
    const child = spawnAsUser(
      place,
      [
        'dbus-daemon',
        '--session',
        '--nofork',
        '--nopidfile',
        '--print-address=3',
        `--address=unix:path=${busSocket(record.folder)}`,
      ],
      { cwd: record.folder, env: this.env, detached: true, stdio: ['ignore', 'ignore', 'ignore', 'pipe'] },
    );
    child.unref();
    const serves = await announced(child, BUS_START_MS).then(
      () => true,
      () => false,
    );
    if (serves && child.pid !== undefined) record.bus = await identify(child.pid);
  }

  /** @returns a connection to the session's X server; undefined when the session has vanished (row D6). */
  async reach(): Promise<XConnection | undefined> {
    const { server, display, cookie } = this.record;
    return server && (await isAlive(server)) ? reachDisplay(display, cookie) : undefined;
  }

  /** Notes the run that uses it. */
  async give(run: string | undefined): Promise<void> {
    this.record.run = run;
    this.record.since = Date.now();
    await this.save();
  }

  /** Gives a kept session to the next run. */
  async unlock(): Promise<void> {
    const { record, place } = this;
    const { display, cookie, folder } = record;
    await writeAuthority(authorityFile(folder), { display, cookie, owner: place.owner });
    await this.save();
  }

  /** Row D2: ends what the run left running and locks the display. @throws Error when that does not succeed. */
  async lock(): Promise<void> {
    const { record, place } = this;
    const { server, bus, display, folder, cookie } = record;
    if (!server) throw new Error('The session has no X server.');
    const spared = new Set([server.pid, ...(bus ? [bus.pid] : [])]);
    const emptied = await endSessionProcesses(this.scope(true), { spared });
    if (!emptied) throw new Error('Programs of the session do not end.');
    record.cookie = newCookie();
    await lockDisplay({ display, folder, cookie, server, owner: place.owner }, record.cookie);
    record.state = 'kept';
    record.since = Date.now();
    delete record.run;
    await this.save();
  }

  /**
   * Ends the session: every process, control group, display, folder, record.
   * @param alone no other session of the agent is of this user.
   * @returns false when a process hangs in the kernel; the record stays, for the next start of the agent.
   */
  async end(alone: boolean, options: { askMs?: number } = {}): Promise<boolean> {
    const { id, group, display, uid, folder } = this.record;
    if (!(await endSessionProcesses(this.scope(alone), options))) return false;
    if (group !== undefined) await removeGroup(group);
    await clearDisplay(display, uid);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    await this.options.records.remove(id);
    return true;
  }

  /** The screen as PNG, read from the server's memory: no program of the session has to work for it. */
  async screenshot(): Promise<Buffer> {
    return pngOfDump(await readScreen(screenFolder(this.record.folder)));
  }

  save(): Promise<void> {
    return this.options.records.write(this.record);
  }

  private scope(alone: boolean): SessionScope {
    const { uid, id, group, server } = this.record;
    return {
      uid,
      mark: sessionMark(this.options.installation, id),
      group,
      sinceTicks: server && Number(server.start),
      alone,
    };
  }
}

/** The lowest number nobody uses, which is then taken. */
async function freeDisplay(taken: Set<number>): Promise<number> {
  for await (const display of freeDisplays(taken)) {
    // Somebody in this process may have taken it in the meantime.
    if (taken.has(display)) continue;
    taken.add(display);
    return display;
  }
  throw new Error('All displays of the machine are in use.');
}
