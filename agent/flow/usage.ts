import type { Usage } from '../../contracts/agent-protocol';
import { familyOf, readProcessTable } from '../process/family';
import { readProcStat, type ProcStat } from '../process/process-identity';

/** Often enough to catch a program that starts processes without end before they fill the machine. */
const SAMPLE_MS = 500;
/** USER_HZ and the usual page size of Linux; a kernel with other pages only shows another memory figure. */
const MS_PER_TICK = 10;
const PAGE_BYTES = 4_096;

export interface UsageMeterOptions {
  /** Called at every look with what the run uses now and the pids that it has. */
  sampled: (usage: Usage, family: ReadonlySet<number>) => void;
}

/** Measures what the run of this worker uses, without the worker itself. Elsewhere than on Linux: zero. */
export class UsageMeter {
  private readonly began = performance.now();
  private readonly timer: NodeJS.Timeout;
  private readonly known = new Map<number, string>();
  private peakRssBytes = 0;
  private cpuMs = 0;
  private last = { at: this.began, cpuMs: 0 };

  constructor(private readonly options: UsageMeterOptions) {
    this.timer = setInterval(() => this.sample(), SAMPLE_MS);
    setTimeout(() => this.sample(), 50).unref();
  }

  /** What the run has used in all. */
  async end(): Promise<Usage> {
    clearInterval(this.timer);
    const self = await readProcStat('self');
    this.cpuMs = Math.max(this.cpuMs, self ? endedMs(self) : 0);
    return {
      cpuMs: this.cpuMs,
      peakRssBytes: this.peakRssBytes,
      wallMs: Math.round(performance.now() - this.began),
    };
  }

  private sample(): void {
    const table = readProcessTable();
    const self = table.get(process.pid);
    if (!self) return;
    const family = familyOf(process.pid, table, this.known);
    family.delete(process.pid);
    const stats = [...family.values()];
    const rssBytes = stats.reduce((sum, stat) => sum + stat.rssPages * PAGE_BYTES, 0);
    const cpuMs = stats.reduce((sum, stat) => sum + livingMs(stat) + endedMs(stat), endedMs(self));
    this.peakRssBytes = Math.max(this.peakRssBytes, rssBytes);
    this.cpuMs = Math.max(this.cpuMs, cpuMs);
    const now = performance.now();
    const cpuNow = (this.cpuMs - this.last.cpuMs) / Math.max(1, now - this.last.at);
    this.last = { at: now, cpuMs: this.cpuMs };
    const { peakRssBytes } = this;
    const wallMs = Math.round(now - this.began);
    const usage = { cpuMs: this.cpuMs, cpuNow: round(cpuNow), rssBytes, peakRssBytes, wallMs };
    this.options.sampled(usage, new Set(family.keys()));
  }
}

function livingMs({ userTicks, systemTicks }: ProcStat): number {
  return (userTicks + systemTicks) * MS_PER_TICK;
}

/** Of its children that have ended and were waited for. */
function endedMs({ childUserTicks, childSystemTicks }: ProcStat): number {
  return (childUserTicks + childSystemTicks) * MS_PER_TICK;
}

function round(share: number): number {
  return Math.round(share * 100) / 100;
}
