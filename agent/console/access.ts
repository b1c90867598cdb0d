import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Clock } from '../clock';
import type { ConsoleUser } from './users';

const TICKET_MS = 60_000;
/** Tokens that a user has at once: browser windows. */
const KEEP_TOKENS = 20;

export interface AccessOptions {
  /** Folder for tokens; only the agent may write there. */
  folder: string;
  clock: Clock;
  /** @returns undefined for whoever is no user of this machine. */
  userOf(name: string): Promise<ConsoleUser | undefined>;
}

/**
 * Who is asking? Every program of every user of the machine can reach the loopback address, so a user proves himself by reading a token from a file
 * that is his alone. A browser is given a ticket in the fragment of its address, good once, for which its page gets a token of its own. There is no
 * cookie: nothing is sent by itself, so no other page can act for the user, on whatever port it is.
 */
export class Access {
  private readonly tokens = new Map<string, string>();
  /** What stands in the users' files: one each, because anybody may knock in anybody's name. */
  private readonly fileTokens = new Map<string, string>();
  private readonly tickets = new Map<string, { user: string; untilMs: number }>();

  constructor(private readonly options: AccessOptions) {}

  /** @returns the user of the token. */
  user(token: string): string | undefined {
    return this.fileTokens.get(token) ?? this.tokens.get(token);
  }

  /** Others may reach their own file in the folder and see nothing else. */
  async prepare(): Promise<void> {
    await mkdir(this.options.folder, { recursive: true });
    await chmod(this.options.folder, 0o711);
  }

  /** Puts a token where only this user can read it. @returns false for whoever is no user. */
  async knock(name: string): Promise<boolean> {
    const user = await this.options.userOf(name);
    if (!user) return false;
    await this.give(user, 'token', this.fileTokenOf(user.name));
    return true;
  }

  /**
   * Arguments of programs are seen by everybody, so a browser is sent to a page of the user's own that leads on, with a ticket.
   * @returns its address, or undefined for whoever is no user.
   */
  async doorFor(name: string, address: string): Promise<string | undefined> {
    const user = await this.options.userOf(name);
    if (!user) return undefined;
    const refresh = `<meta http-equiv="refresh" content="0; url=${address}#${this.ticket(user.name)}">`;
    const file = await this.give(user, 'html', `<!doctype html><title>Attendant</title>${refresh}`);
    return pathToFileURL(file).href;
  }

  private async give(user: ConsoleUser, kind: string, text: string): Promise<string> {
    const file = path.join(this.options.folder, `${user.uid ?? user.name}.${kind}`);
    const next = `${file}.${randomBytes(6).toString('hex')}`;
    await writeFile(next, text, { mode: 0o600, flag: 'wx' });
    try {
      if (user.uid !== undefined && user.uid !== process.getuid?.()) await chown(next, user.uid, -1);
      await rename(next, file);
    } catch (error) {
      await rm(next, { force: true });
      throw error;
    }
    return file;
  }

  ticket(user: string): string {
    const ticket = randomBytes(24).toString('base64url');
    this.tickets.set(ticket, { user, untilMs: this.options.clock.now() + TICKET_MS });
    return ticket;
  }

  /** @returns a token for whoever has the ticket; undefined when it was used or is too old. */
  redeem(ticket: string): string | undefined {
    const found = this.tickets.get(ticket);
    this.tickets.delete(ticket);
    const now = this.options.clock.now();
    for (const [old, { untilMs }] of this.tickets) if (untilMs < now) this.tickets.delete(old);
    return found && found.untilMs >= now ? this.newToken(found.user) : undefined;
  }

  private fileTokenOf(user: string): string {
    for (const [token, owner] of this.fileTokens) if (owner === user) return token;
    const token = randomBytes(24).toString('base64url');
    this.fileTokens.set(token, user);
    return token;
  }

  private newToken(user: string): string {
    const token = randomBytes(24).toString('base64url');
    this.tokens.set(token, user);
    const own = [...this.tokens].filter(([, owner]) => owner === user);
    for (const [old] of own.slice(0, -KEEP_TOKENS)) this.tokens.delete(old);
    return token;
  }
}
