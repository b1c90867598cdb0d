import { readdirSync, readFileSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { sealCredential } from '../../adapters/secrets/seal-credential';
import { nameHere, otherNames, resolveUid } from '../../agent/session/linux-accounts';
import { ownSession } from '../../agent/session/own';
import type { SessionPort, SessionRequest } from '../../agent/session/session';
import type { Credential } from '../../contracts/sealed-credential';
import { parseUserName } from '../../contracts/user-name';
import { AgentFixture, go, nodeFlow, offer } from '../support/agent/agent-fixture';
import { newRunId } from '../support/agent/fake-control-plane';
import { zipOf } from '../support/agent/zip';

const me = os.userInfo();
const unattended = { mode: 'unattended', userKey: 'x' } as const;

describe('E1: whose session it is, on Linux', () => {
  it.each([
    ['robot', 'robot'],
    ['.\\robot', 'robot'],
    ['DESK-1\\robot', 'robot'],
    ['desk-1.contoso.com\\robot', 'robot'],
    ['CONTOSO\\robot', 'CONTOSO\\robot'],
    ['robot@contoso.com', 'robot@contoso.com'],
  ])('%s is %s to the name service of desk-1', (text, expected) => {
    const name = parseUserName(text);
    expect(name && nameHere(name, 'Desk-1.contoso.com')).toBe(expected);
  });

  it('the other names of a local account mean the account', () => {
    const names = otherNames('robot', 'Desk-1.contoso.com');
    expect(names).toEqual(['.\\robot', 'Desk-1.contoso.com\\robot', 'Desk-1\\robot']);
    for (const text of names) {
      const name = parseUserName(text);
      expect(name && nameHere(name, 'Desk-1.contoso.com')).toBe('robot');
    }
    expect(otherNames('CONTOSO\\robot', 'desk-1')).toEqual([]);
  });

  it.each([me.username, `.\\${me.username}`, `${os.hostname()}\\${me.username}`])(
    '%s is resolved to the uid of this process',
    async (user) => expect(await resolveUid(user)).toBe(me.uid),
  );

  it.each([
    'no-such-user-here',
    `${me.username}@nowhere.example`,
    `NOWHERE\\${me.username}`,
    '0',
    '+0',
    '-u',
    '',
  ])('%j is no account here', async (user) => expect(await resolveUid(user)).toBeUndefined());

  const resolve = async (user: string): Promise<number | undefined> =>
    ({ robot: me.uid, other: me.uid + 1 })[user];
  const own = ownSession({ resolve });

  it("runs of the agent's own user, however written, and of nobody in particular execute", async () => {
    await (await own.open({ ...unattended, user: 'robot' })).close();
    await (await own.open(unattended)).close();
  });

  it.each([
    ['attended', 'AttendedUserNotLoggedIn'],
    ['unattended', 'SessionCreationError'],
  ] as const)('%s runs of anybody else are refused with the reason', async (mode, code) => {
    const wanted = { mode, userKey: 'x' };
    await expect(own.open({ ...wanted, user: 'other' })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(`uid ${me.uid + 1}`) as string,
    });
    await expect(own.open({ ...wanted, user: 'nobody' })).rejects.toMatchObject({
      code,
      message: expect.stringContaining('no account here') as string,
    });
  });

  it('B9: the check says the same, and that passwords are not checked', async () => {
    expect(await own.check({ user: 'robot' })).toMatchObject({
      user: 'known',
      userId: String(me.uid),
      password: 'notChecked',
      note: expect.stringContaining('Passwords are not checked') as string,
    });
    expect(await own.check({ user: 'other' })).toMatchObject({
      user: 'known',
      error: { code: 'AttendedUserNotLoggedIn' },
    });
    expect(await own.check({ user: 'nobody' })).toMatchObject({
      user: 'unknown',
      error: { code: 'AttendedUserNotLoggedIn' },
    });
    expect(await own.check({})).not.toHaveProperty('error');
    expect(await ownSession({ resolve: undefined }).check({})).toMatchObject({ user: 'known' });
  });
});

describe('B3: the credential on its way into the session', () => {
  const secret = 'correct-horse-battery-staple';
  const opened: Credential[] = [];
  const logged: string[] = [];
  const note = (text: string): void => void logged.push(text);
  const requests: SessionRequest[] = [];
  const inner = ownSession();
  /** Signs in with the credential, as the port of a machine with sessions does. */
  const signsIn: SessionPort = {
    ...inner,
    open: async (request) => {
      requests.push(request);
      if (request.credential) opened.push(request.credential());
      return inner.open({ ...request, user: undefined });
    },
    check: async ({ credential }) => {
      const password = credential?.().password === secret ? 'accepted' : 'refused';
      return { user: 'known', password };
    },
  };
  const fixture = new AgentFixture();
  beforeAll(() => fixture.start({ session: signsIn, log: { info: note, warn: note, error: note } }));
  afterAll(() => fixture.end());

  async function runWith(sealedFor: { run?: string }): Promise<string> {
    const run = newRunId();
    const fence = fixture.fence();
    const { machine, registered } = fixture.controlPlane;
    await fixture.broker.command(offer(run, fence, machine));
    const hash = fixture.controlPlane.addPackage(await zipOf(nodeFlow('console.log("works");')));
    const use = { machine, run: sealedFor.run ?? run, fence };
    const credential = { user: 'CONTOSO\\robot', password: secret };
    const sealedCredential = sealCredential(credential, registered?.sealingKey ?? '', use);
    await fixture.broker.command({
      ...go(run, fence, machine, hash),
      user: 'CONTOSO\\robot',
      sealedCredential,
    });
    return run;
  }

  it('is opened by the session port alone', async () => {
    const run = await runWith({});
    expect(await fixture.broker.event(run, 'done')).toMatchObject({ outcome: 'Succeeded' });
    expect(opened).toEqual([{ user: 'CONTOSO\\robot', password: secret }]);
    expect(requests[0]).toMatchObject({ user: 'CONTOSO\\robot', mode: 'attended' });
  });

  it('does not open when it was sealed for another run: a named error', async () => {
    const run = await runWith({ run: newRunId() });
    expect(await fixture.broker.event(run, 'done')).toMatchObject({
      outcome: 'Failed',
      error: { code: 'SessionCreationInvalidCredentials' },
    });
  });

  it('B9: a connection test is answered once, without a journal', async () => {
    const { machine, registered } = fixture.controlPlane;
    const test = `ct-${'0'.repeat(26)}`;
    const use = { machine, test, epoch: 1 };
    const credential = { user: 'robot', password: secret };
    const sealedCredential = sealCredential(credential, registered?.sealingKey ?? '', use);
    const command = {
      v: 1,
      kind: 'testConnection',
      test,
      machine,
      epoch: 1,
      user: 'robot',
      sealedCredential,
    };
    const answers = (): Record<string, unknown>[] =>
      fixture.broker.events
        .filter(({ kind }) => kind === 'connectionTested')
        .map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    await fixture.broker.command({ ...command, epoch: 2 });
    await fixture.broker.command(command);
    await fixture.broker.until(() => answers().length > 0);
    expect(answers()).toEqual([{ test, user: 'known', password: 'accepted' }]);
    await fixture.broker.command({ ...command, sealedCredential: 'nonsense' });
    await fixture.broker.until(() => answers().length > 1);
    expect(answers()[1]).toMatchObject({ error: { code: 'SessionCreationInvalidCredentials' } });
  });

  it('is in no file of the agent, in no event and in no log line', () => {
    const everything = [...logged, JSON.stringify(fixture.broker.events), ...files(fixture.dataDir)];
    expect(everything.join('\n')).toContain('Run ');
    for (const text of everything) expect(text).not.toContain(secret);
  });
});

function files(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const file = path.join(folder, name);
    return statSync(file).isDirectory() ? files(file) : [readFileSync(file, 'latin1')];
  });
}
