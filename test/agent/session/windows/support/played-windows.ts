import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { BridgeOrder } from '../../../../../agent/session/windows/bridge-main';
import { ACCOUNT_SCRIPT, PASSWORD_SCRIPT } from '../../../../../agent/session/windows/accounts';
import { PROGRAMS_SCRIPT } from '../../../../../agent/session/windows/sessions';
import type { WindowsParts } from '../../../../../agent/session/windows/windows-session';
import type { RunTool } from '../../../../../agent/system/run-tool';

interface PlayedSession {
  id: number;
  account: string;
  state: 'active' | 'locked' | 'disconnected';
}

/** Constructed: a Windows that exists in memory and answers the commands that the port runs. */
export class PlayedWindows {
  readonly accounts = new Map([
    ['DESK\\ann', { sid: 'S-1-5-21-1-1-1-1001', password: 'pass word' }],
    ['DESK\\bob', { sid: 'S-1-5-21-1-1-1-1002', password: 'other' }],
    ['DESK\\Administrator', { sid: 'S-1-5-21-1-1-1-500', password: 'root' }],
    ['CONTOSO\\ann', { sid: 'S-1-5-21-2-2-2-1001', password: 'domain' }],
  ]);
  sessions: PlayedSession[] = [];
  /** Every command with its arguments. */
  readonly ran: string[] = [];
  readonly orders: BridgeOrder[] = [];
  readonly records = new Map<number, { id: number; sid: string; state: 'used' | 'kept'; bootedAt: number }>();
  freeRdp: string | undefined = 'C:\\Program Files\\FreeRDP\\wfreerdp.exe';
  /** What the client says instead of signing in. */
  clientFails: string | undefined;
  private endClient: (said: string) => void = () => undefined;

  constructor(
    private readonly version: string,
    private readonly terminalServer = 'terminal-server-plain.txt',
  ) {}

  readonly run: RunTool = async (program, args, input = '') => {
    this.ran.push([program, ...args].join(' '));
    const stdout = this.answer(program, args, input);
    return stdout === undefined
      ? { code: 1, stdout: '', stderr: 'refused' }
      : { code: 0, stdout, stderr: '' };
  };

  get parts(): WindowsParts {
    return {
      run: this.run,
      hostname: 'DESK',
      freeRdp: () => this.freeRdp,
      startClient: (_, input) => this.connect(input),
      startBridge: (order) => {
        this.orders.push(order);
        return {} as ChildProcess;
      },
      records: {
        load: async () => [...this.records.values()],
        put: async (record) => void this.records.set(record.id, { ...record, bootedAt: 0 }),
        all: () => [...this.records.values()],
        remove: async (id) => void this.records.delete(id),
        used: (id) => this.records.get(id)?.state === 'used',
      },
      lookMs: 1,
      patienceMs: 200,
    };
  }

  /** Somebody takes the client's screen. */
  dropClient(): void {
    this.endClient('');
  }

  private connect(input: string) {
    const value = (name: string): string => new RegExp(`^/${name}:(.*)$`, 'm').exec(input)?.[1] ?? '';
    const account = `${value('d')}\\${value('u')}`;
    const ended = new Promise<string>((resolve) => (this.endClient = resolve));
    if (this.clientFails !== undefined) this.endClient(this.clientFails);
    else if (this.accounts.get(account)?.password === value('p')) {
      const known = this.sessions.find((session) => session.account === account);
      if (known) known.state = 'active';
      else this.sessions.push({ id: 2 + this.sessions.length, account, state: 'active' });
    } else this.endClient('ERRCONNECT_LOGON_FAILURE');
    return { ended, end: () => this.endClient('') };
  }

  private answer(program: string, args: readonly string[], input: string): string | undefined {
    switch (program) {
      case 'query.exe':
        return this.table();
      case 'reg.exe':
        return this.registry(args[1] ?? '');
      case 'tsdiscon.exe':
        return this.change(args[0], (session) => (session.state = 'disconnected'));
      case 'logoff.exe':
        return this.change(args[0], (session) => this.sessions.splice(this.sessions.indexOf(session), 1));
      case 'powershell.exe':
        return this.script(
          Buffer.from(args.at(-1) ?? '', 'base64').toString('utf16le'),
          JSON.parse(input) as Record<string, string>,
        );
      default:
        return undefined;
    }
  }

  private change(id: string | undefined, act: (session: PlayedSession) => unknown): string | undefined {
    const session = this.sessions.find((one) => String(one.id) === id);
    if (session) act(session);
    return session && '';
  }

  private table(): string {
    const rows = this.sessions.map(({ id, account, state }) => {
      const station = state === 'disconnected' ? '' : `rdp-tcp#${id}`;
      return ` ${station.padEnd(18)}${(account.split('\\')[1] ?? '').padEnd(22)}${String(id).padStart(5)}  x`;
    });
    return [' SESSIONNAME', ` ${'services'.padEnd(40)}${'0'.padStart(5)}  Disc`, ...rows].join('\r\n');
  }

  private registry(key: string): string {
    const fixture = (name: string): string => readFileSync(path.join(__dirname, '../fixtures', name), 'utf8');
    if (key.endsWith('CurrentVersion')) return fixture(this.version);
    return key.endsWith('Control\\Terminal Server') ? fixture(this.terminalServer) : '';
  }

  private script(text: string, input: Record<string, string>): string | undefined {
    if (text.endsWith(PROGRAMS_SCRIPT.text)) {
      const rows = this.sessions.flatMap(({ id, account, state }) => [
        { session: id, program: 'explorer.exe', sid: this.accounts.get(account)?.sid, account },
        ...(state === 'locked'
          ? [{ session: id, program: 'LogonUI.exe', sid: 'S-1-5-18', account: null }]
          : []),
      ]);
      return JSON.stringify(rows);
    }
    if (text.endsWith(ACCOUNT_SCRIPT.text)) {
      const { name = '' } = input;
      const wanted = name.includes('\\')
        ? name
        : name.endsWith('@contoso.example')
          ? `CONTOSO\\${name.split('@')[0]}`
          : `DESK\\${name}`;
      const found = [...this.accounts].find(([account]) => account.toLowerCase() === wanted.toLowerCase());
      return JSON.stringify(found ? { account: found[0], sid: found[1].sid } : null);
    }
    if (text.endsWith(PASSWORD_SCRIPT.text)) {
      const known = this.accounts.get(input['account'] ?? '');
      return JSON.stringify({ code: known?.password === input['password'] ? 0 : 1326 });
    }
    return undefined;
  }
}
