import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileSecrets } from '../../adapters/secrets/file-secrets';
import { KeyVaultSecrets } from '../../adapters/secrets/key-vault-secrets';
import type { Secrets } from '../../adapters/ports';

interface Opened {
  secrets: Secrets;
  reopen(): Secrets;
  stop(): void;
}

function openFiles(): Opened {
  const folder = mkdtempSync(join(tmpdir(), 'attendant-secrets-'));
  const reopen = (): Secrets => new FileSecrets(join(folder, 'secrets'));
  return { secrets: reopen(), reopen, stop: () => rmSync(folder, { recursive: true }) };
}

/** Key Vault's two calls, in memory. */
function openVault(): Opened {
  const vault = new Map<string, string>();
  const answer: typeof fetch = async (input, init) => {
    const name = new URL(input instanceof Request ? input.url : input).pathname.split('/').at(-1) ?? '';
    if (init?.method === 'PUT') {
      const { value } = (await new Response(init.body).json()) as { value: string };
      vault.set(name, value);
      return Response.json({ id: name });
    }
    const value = vault.get(name);
    return value === undefined ? Response.json({}, { status: 404 }) : Response.json({ value });
  };
  const identity = {
    bearer: async (scope: string) => {
      expect(scope).toBe('https://vault.azure.net/.default');
      return 'token';
    },
  };
  const reopen = (): Secrets =>
    new KeyVaultSecrets({ url: 'https://name.vault.azure.net/', identity, fetch: answer });
  return { secrets: reopen(), reopen, stop: () => undefined };
}

describe.each([
  ['files', openFiles],
  ['Key Vault', openVault],
])('secrets in %s', (_name, open) => {
  let opened: Opened;
  beforeEach(() => (opened = open()));
  afterEach(() => opened.stop());

  it('gives back what was put last under a name, and nothing for other references', async () => {
    const ref = await opened.secrets.put('connection/office', 'first');
    expect(await opened.secrets.put('connection/office', 'Pässwörd')).toBe(ref);
    const other = await opened.secrets.put('connection/home', 'another');
    expect(await opened.reopen().get(ref)).toBe('Pässwörd');
    expect(await opened.reopen().get(other)).toBe('another');
    expect(await opened.secrets.get('../key')).toBeUndefined();
    expect(await opened.secrets.get('0'.repeat(64))).toBeUndefined();
  });
});

it('secrets in files are unreadable without the key, which is for its owner only', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'attendant-secrets-'));
  try {
    await Promise.all(['a', 'b'].map((name) => new FileSecrets(folder).put(name, 'hunter2')));
    for (const name of readdirSync(folder)) {
      expect(readFileSync(join(folder, name)).toString('latin1')).not.toContain('hunter2');
      expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
    }
    const [first = '', second = ''] = readdirSync(folder).filter((name) => name.endsWith('.secret'));
    expect(await new FileSecrets(folder).get(first.replace('.secret', ''))).toBe('hunter2');
    expect(await new FileSecrets(folder).get(second.replace('.secret', ''))).toBe('hunter2');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
