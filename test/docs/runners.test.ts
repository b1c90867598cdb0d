import { readFileSync } from 'node:fs';
import path from 'node:path';
import { desktopFlowManifest } from '../../contracts/desktop-flow';
import { AgentFixture, root } from '../support/agent/agent-fixture';

interface Example {
  files: Record<string, string>;
  inputs: Record<string, unknown>;
  outputs: unknown;
}

/** The fenced blocks of a section that carry a name after their language. */
function exampleOf(section: string): Example {
  const blocks = [...section.matchAll(/```\w+ ([\w.-]+)\n(.*?)```/gs)].map(
    ([, name = '', text = '']) => [name, text] as const,
  );
  const { inputs = '{}', outputs = '{}', ...files } = Object.fromEntries(blocks);
  return { files, inputs: JSON.parse(inputs) as Example['inputs'], outputs: JSON.parse(outputs) };
}

describe('docs/runners.md', () => {
  const text = readFileSync(path.join(root, 'docs/runners.md'), 'utf8');
  const sections = new Map(text.split(/^## /m).map((part) => [part.split('\n')[0] ?? '', part]));
  const fixture = new AgentFixture();
  beforeAll(async () => {
    await fixture.start();
  });
  afterAll(() => fixture.end());

  test.each(['exec', 'node', 'python'])('L5: the example of %s does what it says', async (runner) => {
    const { files, inputs, outputs } = exampleOf(sections.get(runner) ?? '');
    const run = await fixture.run(files, inputs);
    expect(await fixture.broker.event(run, 'done')).toMatchObject({ outcome: 'Succeeded', outputs });
  });

  test('has a section for every runner', () => {
    for (const runner of desktopFlowManifest.shape.runner.options) expect(sections.has(runner)).toBe(true);
  });
});
