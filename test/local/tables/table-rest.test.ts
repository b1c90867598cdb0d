import type { Tables } from '../../../local/tables/tables';
import { sendRaw, startForTest, type RawAnswer, type RawRequest } from './signed-request';

describe('Table REST API', () => {
  let tables: Tables;
  let stop: () => Promise<void>;
  const send = (raw: RawRequest): Promise<RawAnswer> => sendRaw(tables, raw);
  const post = (body: object | string, headers: Record<string, string> = {}): Promise<RawAnswer> =>
    send({
      method: 'POST',
      path: 'items',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });

  beforeAll(async () => {
    ({ tables, stop } = await startForTest());
    await send({ method: 'POST', path: 'Tables', body: '{"TableName":"items"}' });
    await post({
      PartitionKey: 'p',
      RowKey: 'r',
      big: '7',
      'big@odata.type': 'Edm.Int64',
      real: 5,
      'real@odata.type': 'Edm.Double',
      n: 1,
    });
  });
  afterAll(() => stop());

  const entity = "items(PartitionKey='p',RowKey='r')";

  it('takes SharedKey and SharedKeyLite', async () => {
    expect(await send({ method: 'GET', path: entity })).toMatchObject({ status: 200 });
    expect(await send({ method: 'GET', path: entity, scheme: 'SharedKey' })).toMatchObject({ status: 200 });
  });

  it.each([
    ['no signature', { scheme: 'none' as const }],
    ['another key', { key: Buffer.from('wrong').toString('base64') }],
    ['a SAS in its place', { scheme: 'none' as const, headers: { Authorization: 'Bearer x' } }],
  ])('answers %s with AuthenticationFailed', async (_what, how) => {
    const answer = await send({ method: 'GET', path: entity, ...how });
    expect(answer).toMatchObject({ status: 403, code: 'AuthenticationFailed' });
    expect(answer.headers['x-ms-error-code']).toBe('AuthenticationFailed');
    expect(JSON.parse(answer.body)).toMatchObject({ 'odata.error': { message: { lang: 'en-US' } } });
  });

  it('answers with as much metadata as is asked for', async () => {
    const read = async (level: string): Promise<Record<string, unknown>> => {
      const headers = { Accept: `application/json;odata=${level}` };
      const { body } = await send({ method: 'GET', path: entity, headers });
      return JSON.parse(body) as Record<string, unknown>;
    };
    const none = await read('nometadata');
    expect(Object.keys(none)).toEqual(['PartitionKey', 'RowKey', 'Timestamp', 'big', 'real', 'n']);
    const minimal = await read('minimalmetadata');
    expect(minimal).toMatchObject({
      'odata.metadata': `${tables.url}/$metadata#items/@Element`,
      'big@odata.type': 'Edm.Int64',
      big: '7',
    });
    expect(await read('fullmetadata')).toMatchObject({
      'odata.type': 'devstoreaccount1.items',
      'odata.id': `${tables.url}/items(PartitionKey='p',RowKey='r')`,
      'odata.editLink': "items(PartitionKey='p',RowKey='r')",
      'Timestamp@odata.type': 'Edm.DateTime',
      'odata.etag': minimal['odata.etag'],
    });
    expect(
      await send({ method: 'GET', path: entity, headers: { Accept: 'application/atom+xml' } }),
    ).toMatchObject({ status: 415, code: 'AtomFormatNotSupported' });
  });

  it('spells a double so that it is not taken for an Int32, and reads one by its spelling', async () => {
    const path = "items(PartitionKey='double',RowKey='1')";
    const body = '{"PartitionKey":"double","RowKey":"1","a":5.0,"b":-1e3,"c":5,"d":1.5,"e":"x: 1.0,"';
    await post(`${body},"f":7,"f@odata.type":"Edm.Double","g":"NaN","g@odata.type":"Edm.Double"}`);
    const members = '"a":5.0,"b":-1000.0,"c":5,"d":1.5,"e":"x: 1.0,","f":7.0';
    const special = '"g@odata.type":"Edm.Double","g":"NaN"';
    expect((await send({ method: 'GET', path })).body).toContain(`${members},${special}}`);
    const merge = { method: 'MERGE', path, headers: { 'If-Match': '*' }, body: '{"h":2.0}' };
    expect(await send(merge)).toMatchObject({ status: 204 });
    expect((await send({ method: 'GET', path })).body).toContain(`${members},${special},"h":2.0}`);
    const selected = await send({ method: 'GET', path: `${path}?$select=a,c&$format=application/json` });
    expect(selected.body).toContain('"a":5.0,"c":5}');
    const headers = { Accept: 'application/json;odata=fullmetadata' };
    const full = (await send({ method: 'GET', path, headers })).body;
    expect(full).toContain('"a@odata.type":"Edm.Double","a":5.0');
    expect(full).toContain('"c":5,"d@odata.type":"Edm.Double","d":1.5');
  });

  it('answers an insert with the entity, or with nothing when asked so', async () => {
    const whole = await post({ PartitionKey: 'echo', RowKey: '1', a: 1 });
    expect(whole.status).toBe(201);
    expect(JSON.parse(whole.body)).toMatchObject({ PartitionKey: 'echo', RowKey: '1', a: 1 });
    expect(whole.headers['etag']).toMatch(/^W\/"datetime'.*'"$/);
    const quiet = await post({ PartitionKey: 'echo', RowKey: '2' }, { Prefer: 'return-no-content' });
    expect(quiet).toMatchObject({ status: 204, body: '' });
    expect(quiet.headers['preference-applied']).toBe('return-no-content');
  });

  it('takes a merge tunnelled through POST', async () => {
    await post({ PartitionKey: 'merge', RowKey: '1', a: 1 });
    const path = "items(PartitionKey='merge',RowKey='1')";
    const merged = await send({
      method: 'POST',
      path,
      headers: { 'X-HTTP-Method': 'MERGE', 'If-Match': '*' },
      body: '{"b":2}',
    });
    expect(merged.status).toBe(204);
    expect(JSON.parse((await send({ method: 'GET', path })).body)).toMatchObject({ a: 1, b: 2 });
  });

  it.each([
    ['no JSON', '{"PartitionKey":', 'InvalidInput'],
    ['no object', '[]', 'InvalidInput'],
    ['no keys', '{"a":1}', 'PropertiesNeedValue'],
    ['a number as key', '{"PartitionKey":1,"RowKey":"1"}', 'InvalidInput'],
    ['an object as value', '{"PartitionKey":"x","RowKey":"1","a":{}}', 'InvalidInput'],
    [
      'an unknown type',
      '{"PartitionKey":"x","RowKey":"1","a":"1","a@odata.type":"Edm.Byte"}',
      'InvalidInput',
    ],
    ['a wrong GUID', '{"PartitionKey":"x","RowKey":"1","a":"1","a@odata.type":"Edm.Guid"}', 'InvalidInput'],
    [
      'too big an Int64',
      '{"PartitionKey":"x","RowKey":"1","a":"9223372036854775808","a@odata.type":"Edm.Int64"}',
      'InvalidInput',
    ],
    [
      'a wrong date',
      '{"PartitionKey":"x","RowKey":"1","a":"today","a@odata.type":"Edm.DateTime"}',
      'InvalidInput',
    ],
    [
      'an instant before 1601',
      '{"PartitionKey":"x","RowKey":"1","a":"1600-12-31T23:59:59Z","a@odata.type":"Edm.DateTime"}',
      'OutOfRangeInput',
    ],
    ['a bad name', '{"PartitionKey":"x","RowKey":"1","a-b":1}', 'PropertyNameInvalid'],
    ['a forbidden key', '{"PartitionKey":"x/y","RowKey":"1"}', 'OutOfRangeInput'],
    ['a long key', JSON.stringify({ PartitionKey: 'x'.repeat(513), RowKey: '1' }), 'KeyValueTooLarge'],
    [
      'a long name',
      JSON.stringify({ PartitionKey: 'x', RowKey: '1', ['n'.repeat(256)]: 1 }),
      'PropertyNameTooLong',
    ],
    [
      'a long text',
      JSON.stringify({ PartitionKey: 'x', RowKey: '1', a: 'x'.repeat(32769) }),
      'PropertyValueTooLarge',
    ],
    [
      'too many properties',
      JSON.stringify({ PartitionKey: 'x', RowKey: '1', ...Object.fromEntries(range(253, 'p')) }),
      'TooManyProperties',
    ],
    [
      'more than 1 MiB',
      JSON.stringify({ PartitionKey: 'x', RowKey: '1', ...Object.fromEntries(range(17, 'x'.repeat(32000))) }),
      'EntityTooLarge',
    ],
  ])('refuses an insert with %s', async (_what, body, code) => {
    expect(await post(body)).toMatchObject({ status: 400, code });
  });

  it('refuses a body over 4 MiB and goes on serving', async () => {
    expect(await post('x'.repeat(4 * 1024 * 1024 + 1))).toMatchObject({
      status: 413,
      code: 'RequestBodyTooLarge',
    });
    expect((await send({ method: 'GET', path: entity })).status).toBe(200);
  });

  it.each([
    ['GET', "items()?$filter=PartitionKey%20eqq%20'a'", 400, 'InvalidInput'],
    ['GET', 'items()?$top=1001', 400, 'InvalidInput'],
    ['GET', 'items()?NextPartitionKey=garbage', 400, 'InvalidInput'],
    ['GET', 'items()?$orderby=n', 501, 'NotImplemented'],
    ['GET', 'items?comp=acl', 501, 'NotImplemented'],
    ['GET', '?comp=properties&restype=service', 501, 'NotImplemented'],
    ['GET', 'nowhere()', 404, 'TableNotFound'],
    ['GET', "items(PartitionKey='p')", 400, 'InvalidUri'],
    ['GET', '%zz', 400, 'InvalidUri'],
    ['PUT', 'items', 405, 'MethodNotAllowed'],
    ['DELETE', entity, 400, 'MissingRequiredHeader'],
    ['POST', '$batch', 400, 'InvalidInput'],
  ])('%s %s is answered with %i %s', async (method, path, status, code) => {
    const body = method === 'POST' || method === 'PUT' ? '{}' : undefined;
    const answer = await send({ method, path, ...(body !== undefined && { body }) });
    // A batch that cannot be read is answered, as the service does, by a 202 that holds the error.
    if (path === '$batch') expect(answer.body).toContain(`HTTP/1.1 ${status}`);
    else expect(answer.status).toBe(status);
    expect(answer.code).toBe(code);
  });

  it('refuses a malformed etag', async () => {
    const answer = await send({ method: 'DELETE', path: entity, headers: { 'If-Match': 'yesterday' } });
    expect(answer).toMatchObject({ status: 400, code: 'InvalidInput' });
  });

  it('counts the operations of a transaction from 0 and refuses two partitions', async () => {
    const batch = (paths: string[]): string =>
      [
        '--batch_1',
        'Content-Type: multipart/mixed; boundary=changeset_1',
        '',
        ...paths.flatMap((path) => [
          '--changeset_1',
          'Content-Type: application/http',
          'Content-Transfer-Encoding: binary',
          '',
          `PUT ${tables.url}/${path} HTTP/1.1`,
          'Accept: application/json;odata=nometadata',
          'If-Match: *',
          '',
          '{"a":1}',
        ]),
        '--changeset_1--',
        '--batch_1--',
      ].join('\r\n');
    const submit = (paths: string[]): Promise<RawAnswer> =>
      send({
        method: 'POST',
        path: '$batch',
        headers: { 'Content-Type': 'multipart/mixed; boundary=batch_1' },
        body: batch(paths),
      });
    const missing = await submit([entity, "items(PartitionKey='p',RowKey='none')"]);
    expect(missing).toMatchObject({ status: 202, code: 'ResourceNotFound' });
    expect(missing.body).toContain('"value":"1:The specified resource does not exist.');
    const apart = await submit([entity, "items(PartitionKey='q',RowKey='r')"]);
    expect(apart.code).toBe('CommandsInBatchActOnDifferentPartitions');
  });
});

function range(count: number, value: string): [string, string][] {
  return Array.from({ length: count }, (_, index) => [`name${index}`, value]);
}
