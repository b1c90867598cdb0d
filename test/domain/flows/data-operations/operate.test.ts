import type { DataOperation } from '../../../../contracts/flow-definition/data-operations';
import { flowAction } from '../../../../contracts/flow-definition/control-actions';
import { expressionLimits } from '../../../../domain/expressions/limits';
import type { ExpressionScope } from '../../../../domain/expressions/scope';
import { operate } from '../../../../domain/flows/data-operations/operate';

const TYPES: readonly string[] = ['Select', 'Query', 'Table', 'Join', 'ParseJson'];

function isOperation(action: { type: string }): action is DataOperation {
  return TYPES.includes(action.type);
}

function made(
  type: string,
  inputs: object,
  body: unknown = null,
  more: Partial<ExpressionScope> = {},
): unknown {
  const action = flowAction.parse({ type, inputs });
  if (!isOperation(action)) throw new Error(`${type} is no data operation`);
  const scope = { now: 0, trigger: { body }, actions: {}, seed: 'seed', ...more };
  return operate('Act', action, scope).outputs;
}

/** Code and message of what is thrown. */
function failure(...given: Parameters<typeof made>): unknown {
  try {
    return made(...given);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return [code, message];
  }
}

const from = '@triggerBody()';
const fruit = [
  { id: 1, name: 'Apples' },
  { id: 2, name: 'Oranges' },
];

describe('A5: Select', () => {
  test.each<[string, unknown, unknown, unknown]>([
    ['one property', "@item()?['name']", fruit, ['Apples', 'Oranges']],
    [
      'an object',
      { no: "@item()['id']", of: ["@{item()['name']}!"] },
      fruit,
      [
        { no: 1, of: ['Apples!'] },
        { no: 2, of: ['Oranges!'] },
      ],
    ],
    ['a value without expressions', 'x', [1, 2], ['x', 'x']],
    ['a property that is missing', "@item()?['name']", [{}, null], [null, null]],
    ['no items', '@item()', [], []],
    ['items that are no objects', '@add(item(), 1)', [1, 2], [2, 3]],
  ])('%s', (_what, select, body, expected) => {
    expect(made('Select', { from, select }, body)).toEqual(expected);
  });

  test('a list that stands in the definition', () => {
    expect(made('Select', { from: ['@triggerBody()', 2], select: '@item()' }, 1)).toEqual([1, 2]);
  });

  test("within a loop, item() is the list's own and items() the loop's; behind it item() is the loop's again", () => {
    const loops = [{ name: 'Each', item: 'outer', index: 3 }];
    expect(
      made('Select', { from, select: "@concat(item(), ' of ', items('Each'))" }, ['a', 'b'], { loops }),
    ).toEqual(['a of outer', 'b of outer']);
    expect(made('Select', { from: '@createArray(item())', select: '@item()' }, null, { loops })).toEqual([
      'outer',
    ]);
  });

  test('guid() is another one for each item, and the same once more', () => {
    const guids = made('Select', { from, select: '@guid()' }, [1, 2]);
    expect(new Set(guids as string[]).size).toBe(2);
    expect(made('Select', { from, select: '@guid()' }, [1, 2])).toEqual(guids);
  });

  test('what is wrong for one item is told with the expression', () => {
    expect(failure('Select', { from, select: "@item()['id']" }, [{}])).toEqual([
      'ExpressionFailed',
      expect.stringContaining('has no property "id"'),
    ]);
  });
});

describe('A5: Query', () => {
  test.each<[string, unknown, unknown, unknown]>([
    ['an expression', "@greater(item()?['id'], 1)", fruit, [fruit[1]]],
    ['an object of conditions', { equals: ["@item()?['name']", 'Apples'] }, fruit, [fruit[0]]],
    ['nothing stays', '@false', fruit, []],
    ['no items', "@item()['x']", [], []],
  ])('%s', (_what, where, body, expected) => {
    expect(made('Query', { from, where }, body)).toEqual(expected);
  });

  test('what is neither true nor false is told', () => {
    expect(failure('Query', { from, where: '@item()' }, ['yes'])).toEqual([
      undefined,
      'The condition is neither true nor false but "yes".',
    ]);
  });
});

describe('A5: Table as CSV', () => {
  const csv = (body: unknown, columns?: unknown) =>
    made('Table', { from, format: 'CSV', ...(columns ? { columns } : {}) }, body);

  test.each<[string, unknown, string]>([
    ['columns are the properties of the first item', fruit, 'id,name\r\n1,Apples\r\n2,Oranges\r\n'],
    [
      'what is missing is empty, what is more is left out',
      [
        { a: 1, b: 2 },
        { a: 3, c: 4 },
      ],
      'a,b\r\n1,2\r\n3,\r\n',
    ],
    ['a comma', [{ a: '1,5' }], 'a\r\n"1,5"\r\n'],
    ['a quote', [{ a: 'say "yes"' }], 'a\r\n"say ""yes"""\r\n'],
    ['a line break', [{ a: '1\n2' }, { a: '1\r\n2' }], 'a\r\n"1\n2"\r\n"1\r\n2"\r\n'],
    ['a header with a comma', [{ 'a,b': 1 }], '"a,b"\r\n1\r\n'],
    ['spaces stay', [{ a: ' x ' }], 'a\r\n x \r\n'],
    [
      'null, true, lists, objects',
      [{ a: null, b: true, c: [1], d: { e: 1 } }],
      'a,b,c,d\r\n,True,[1],"{""e"":1}"\r\n',
    ],
    ['no items', [], ''],
  ])('%s', (_what, body, expected) => {
    expect(csv(body)).toBe(expected);
  });

  test.each<[string, unknown, string]>([
    [
      'headers and values',
      [
        { header: 'No.', value: "@item()?['id']" },
        { header: "@toUpper('fruit')", value: "@{item()?['name']}!" },
      ],
      'No.,FRUIT\r\n1,Apples!\r\n2,Oranges!\r\n',
    ],
    [
      'one header is missing',
      [{ header: 'No.', value: "@item()?['id']" }, { value: 'x' }],
      'No.,\r\n1,x\r\n2,x\r\n',
    ],
    [
      'no headers: no line of them',
      [{ header: '', value: "@item()?['name']" }, { value: "@item()?['id']" }],
      'Apples,1\r\nOranges,2\r\n',
    ],
  ])('columns: %s', (_what, columns, expected) => {
    expect(csv(fruit, columns)).toBe(expected);
  });

  test('columns of no items: the headers', () => {
    expect(csv([], [{ header: 'No.', value: "@item()?['id']" }])).toBe('No.\r\n');
  });

  test('items without properties need columns', () => {
    expect(failure('Table', { from, format: 'CSV' }, [{ a: 1 }, 'x'])).toEqual([
      'DataOperationFailed',
      'Table: item 1 is text, not an object with properties: name the columns.',
    ]);
    expect(csv(['x', 'y'], [{ header: 'word', value: '@item()' }])).toBe('word\r\nx\r\ny\r\n');
  });
});

describe('A5: Table as HTML', () => {
  test.each<[string, unknown, object, string]>([
    [
      'a table',
      fruit,
      {},
      '<table><thead><tr><th>id</th><th>name</th></tr></thead><tbody><tr><td>1</td><td>Apples</td></tr><tr><td>2</td><td>Oranges</td></tr></tbody></table>',
    ],
    [
      'markup in headers and values is text',
      [{ '<b>': `<script>alert("&'")</script>` }],
      {},
      '<table><thead><tr><th>&lt;b&gt;</th></tr></thead><tbody><tr><td>&lt;script&gt;alert(&quot;&amp;&#39;&quot;)&lt;/script&gt;</td></tr></tbody></table>',
    ],
    [
      'no headers',
      ['x'],
      { columns: [{ value: '@item()' }] },
      '<table><tbody><tr><td>x</td></tr></tbody></table>',
    ],
    ['no items', [], {}, '<table><thead><tr></tr></thead><tbody></tbody></table>'],
  ])('%s', (_what, body, more, expected) => {
    expect(made('Table', { from, format: 'HTML', ...more }, body)).toBe(expected);
  });
});

describe('A5: Join', () => {
  test.each<[string, unknown, string, string]>([
    ['texts', ['a', 'b'], ', ', 'a, b'],
    ['other values', [1, null, true, { a: 1 }], '|', '1||True|{"a":1}'],
    ['no items', [], ',', ''],
    ['a separator that an expression makes', ['a', 'b'], "@decodeUriComponent('%0A')", 'a\nb'],
  ])('%s', (_what, body, joinWith, expected) => {
    expect(made('Join', { from, joinWith }, body)).toBe(expected);
  });
});

describe('A5: ParseJson', () => {
  const schema = {
    type: 'object',
    properties: {
      rows: {
        type: 'array',
        items: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] },
      },
      word: { type: 'string', default: 'filled' },
    },
  };
  const content = from;

  test.each<[string, unknown, unknown]>([
    ['a text', '{"rows":[{"n":1}]}', { rows: [{ n: 1 }] }],
    ['a value that is one already', { rows: [{ n: 1 }] }, { rows: [{ n: 1 }] }],
    ['defaults are not filled in', {}, {}],
  ])('%s', (_what, body, expected) => {
    expect(made('ParseJson', { content, schema }, body)).toEqual(expected);
  });

  test.each<[string, unknown, object, unknown]>([
    [
      'a place within',
      '{"rows":[{"n":1},{"n":"2"}]}',
      schema,
      ['SchemaValidationFailed', 'ParseJson: rows.1.n must be integer.'],
    ],
    [
      'what is missing',
      { rows: [{}] },
      schema,
      ['SchemaValidationFailed', 'ParseJson: rows.0.n is required.'],
    ],
    ['the whole', '[1]', schema, ['SchemaValidationFailed', 'ParseJson: the content must be object.']],
    ['null', null, schema, ['SchemaValidationFailed', 'ParseJson: the content must be object.']],
    [
      'a property too many',
      { a: 1 },
      { additionalProperties: false },
      ['SchemaValidationFailed', 'ParseJson: a is not in the schema.'],
    ],
    [
      'no JSON',
      '{"rows":',
      schema,
      ['DataOperationFailed', expect.stringMatching(/^ParseJson: the content is no JSON: /)],
    ],
    [
      'an empty text',
      '',
      schema,
      ['DataOperationFailed', expect.stringMatching(/^ParseJson: the content is no JSON: /)],
    ],
    [
      'too deep',
      '['.repeat(200) + ']'.repeat(200),
      {},
      ['ExpressionLimitExceeded', expect.stringContaining('more than 100 lists')],
    ],
  ])('what does not fit is told with its place: %s', (_what, body, asked, expected) => {
    expect(failure('ParseJson', { content, schema: asked }, body)).toEqual(expected);
  });

  test('a schema of an older draft is read; no expression in it is evaluated', () => {
    const older = { $schema: 'http://json-schema.org/draft-04/schema#', enum: ['@item()'] };
    expect(made('ParseJson', { content: '"@item()"', schema: older })).toBe('@item()');
  });
});

describe('A5: limits and what is no list', () => {
  test.each(['Select', 'Query', 'Table', 'Join'])('%s', (type) => {
    const inputs = {
      Select: { select: 1 },
      Query: { where: '@true' },
      Table: { format: 'CSV' },
      Join: { joinWith: '' },
    };
    const given = { from, ...inputs[type as keyof typeof inputs] };
    const noLists: [unknown, string][] = [
      [null, 'null'],
      ['text', 'text'],
      [{ a: 1 }, 'an object'],
      [1, 'a number'],
    ];
    for (const [body, kind] of noLists) {
      expect(failure(type, given, body)).toEqual([
        'DataOperationFailed',
        `${type}: "from" is ${kind}, not a list.`,
      ]);
    }
    expect(
      failure(
        type,
        given,
        Array.from({ length: expressionLimits.items + 1 }, () => 1),
      ),
    ).toEqual([
      'ExpressionLimitExceeded',
      `${type}: the result has more than ${expressionLimits.items} items.`,
    ]);
  });

  const long = 'x'.repeat(30_000);
  test.each<[string, object]>([
    ['Select', { select: { text: long } }],
    ['Table', { format: 'CSV', columns: [{ value: long }] }],
    ['Table', { format: 'HTML', columns: [{ value: long }] }],
    ['Join', { joinWith: long }],
  ])('%s makes no more than a result may have', (type, more) => {
    const body = Array.from({ length: 100 }, (_value, index) => index);
    expect(failure(type, { from, ...more }, body)).toEqual([
      'ExpressionLimitExceeded',
      expect.stringContaining(`more than ${expressionLimits.resultCharacters} characters`),
    ]);
  });

  test('what is evaluated for each item may not read everything for each of them', () => {
    const body = Array.from({ length: 50_000 }, (_value, index) => index);
    expect(failure('Query', { from, where: '@contains(triggerBody(), item())' }, body)).toEqual([
      'ExpressionLimitExceeded',
      expect.stringContaining('too much work for so many items'),
    ]);
    expect(made('Query', { from, where: '@less(mul(item(), triggerBody()[1]), 10)' }, body)).toHaveLength(10);
  });
});
