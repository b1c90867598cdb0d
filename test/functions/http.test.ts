import { callerOf } from '../../functions/caller';
import { http, json } from '../../functions/http';
import { HttpRequest } from '@azure/functions';
import { call, logged } from './api';

describe('every HTTP function', () => {
  it('tells nothing of what went wrong inside, and logs it under the trace id it answers', async () => {
    const handler = http(async () => {
      throw new Error('password=hunter2 at /srv/secret.ts');
    });
    const answer = await call(handler);
    expect(answer.status).toBe(500);
    expect(answer.body).toMatchObject({ code: 'Internal', traceId: 'invocation-1' });
    expect(answer.bytes.toString()).not.toMatch(/hunter2|secret/);
    expect(JSON.stringify(logged.at(-1))).toContain('invocation-1');
  });

  it.each([
    [{ code: 'ECONNREFUSED' }, 503],
    [{ statusCode: 503 }, 503],
    [{ statusCode: 429 }, 503],
    [{ cause: { code: 'ECONNRESET' } }, 503],
    [{ statusCode: 400 }, 500],
  ])('answers %j of a service behind it with %i', async (cause, status) => {
    const handler = http(async () => {
      throw Object.assign(new Error('x'), cause);
    });
    expect((await call(handler)).status).toBe(status);
  });

  it('answers JSON as UTF-8', async () => {
    const answer = await call(http(async () => json({ name: 'Größe' })));
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.body).toEqual({ name: 'Größe' });
  });
});

describe('the caller', () => {
  const principal = {
    claims: [
      { typ: 'name', val: 'Ann' },
      { typ: 'preferred_username', val: 'ann@example.org' },
    ],
  };
  const header = Buffer.from(JSON.stringify(principal)).toString('base64');
  const request = new HttpRequest({
    method: 'GET',
    url: 'http://localhost/',
    headers: { 'x-ms-client-principal': header },
  });

  it('is the owner of the key, whatever a header claims', () => {
    expect(callerOf(request, {})).toEqual({ name: 'owner', role: 'owner' });
  });

  it('is who signed in, where the platform says so', () => {
    const signedIn = { name: 'ann@example.org', role: 'viewer' };
    expect(callerOf(request, { ATTENDANT_EASY_AUTH: 'true' })).toEqual(signedIn);
  });
});
