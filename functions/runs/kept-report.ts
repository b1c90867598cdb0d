import { z } from 'zod';
import { consoleReportKey } from '../../adapters/blobs/blob-keys';
import type { Ports } from '../../adapters/ports';
import { timelineEntry } from '../../contracts/runs';

/** What an orchestration would know of a run that had none: one that its machine started while it was cut off. */
const keptReport = z.object({
  timeline: z.array(timelineEntry),
  outputs: z.record(z.string(), z.unknown()).optional(),
});
type KeptReport = z.infer<typeof keptReport>;

export async function putReport(
  { blobs }: Pick<Ports, 'blobs'>,
  run: string,
  report: KeptReport,
): Promise<void> {
  await blobs.put(consoleReportKey(run), Buffer.from(JSON.stringify(report)));
}

export async function getReport(
  { blobs }: Pick<Ports, 'blobs'>,
  run: string,
): Promise<KeptReport | undefined> {
  const content = await blobs.get(consoleReportKey(run));
  return content && keptReport.parse(JSON.parse(Buffer.from(content).toString('utf8')));
}
