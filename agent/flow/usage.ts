import { readdir } from 'node:fs/promises';
import { readProcStat, type ProcStat } from '../process/process-identity';

const SAMPLE_MS = 1_000;
/** USER_HZ and the usual page size of Linux; a kernel with other pages only shows another memory figure. */
const MS_PER_TICK = 10;
const PAGE_BYTES = 4_096;

/** Measures CPU time and peak memory of this worker's process group, without the worker itself. Elsewhere than Linux: zero. */
export class UsageMeter {
  private readonly began = performance.now();
  private readonly timer: NodeJS.Timeout;
  private peakRssBytes = 0;
  private livingCpuMs = 0;

  constructor() {
    this.timer = setInterval(() => void this.sample(), SAMPLE_MS);
    setTimeout(() => void this.sample(), 50).unref();
  }

  /** Milliseconds of CPU and wall time, peak of the group's resident memory in bytes. */
  async end(): Promise<{ cpuMs: number; peakRssBytes: number; wallMs: number }> {
    clearInterval(this.timer);
    const self = await readProcStat('self');
    // Children that have ended were waited for, so the kernel has added their time to ours.
    const endedCpuMs = self ? (self.childUserTicks + self.childSystemTicks) * MS_PER_TICK : 0;
    return {
      cpuMs: Math.max(endedCpuMs, this.livingCpuMs),
      peakRssBytes: this.peakRssBytes,
      wallMs: Math.round(performance.now() - this.began),
    };
  }

  private async sample(): Promise<void> {
    if (process.platform !== 'linux') return;
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
    const stats = await Promise.all(
      pids.map(async (pid) => (pid === process.pid ? undefined : readProcStat(pid))),
    );
    const group = stats.filter((stat): stat is ProcStat => stat?.group === process.pid);
    const rss = group.reduce((sum, stat) => sum + stat.rssPages * PAGE_BYTES, 0);
    const cpu = group.reduce((sum, stat) => sum + (stat.userTicks + stat.systemTicks) * MS_PER_TICK, 0);
    this.peakRssBytes = Math.max(this.peakRssBytes, rss);
    this.livingCpuMs = Math.max(this.livingCpuMs, cpu);
  }
}
