import os from 'node:os';
import { findAccount } from '../session/linux-accounts';

/** A user of this machine who may use its console. */
export interface ConsoleUser {
  name: string;
  /** Absent where files have no owner of that kind. */
  uid?: number | undefined;
}

export interface ConsoleUsers {
  /** @returns undefined for whoever is no user of this machine. */
  userOf(name: string): Promise<ConsoleUser | undefined>;
  /** Name of the account whose session a run gets; `user` as its connection names it. */
  ownerOf(user: string | undefined): Promise<string>;
}

/** Where runs execute in the agent's own session: its user, nobody else. */
export function ownUser(): ConsoleUsers {
  const { username: name, uid } = os.userInfo();
  const own: ConsoleUser = uid >= 0 ? { name, uid } : { name };
  return {
    userOf: async (asked) => (asked === name ? own : undefined),
    ownerOf: async () => name,
  };
}

/** Where each run gets a session of its user: every account. */
export function linuxUsers(): ConsoleUsers {
  return {
    userOf: async (name) => {
      const found = await findAccount(name);
      return found && { name: found.name, uid: found.uid };
    },
    ownerOf: async (user) => {
      if (user === undefined) return os.userInfo().username;
      return (await findAccount(user))?.name ?? user;
    },
  };
}
