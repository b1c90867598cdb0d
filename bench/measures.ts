import { closeSync, fdatasyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Value below which the share `p` (0 to 1) of the sorted values lies; NaN for none. */
export function percentile(sorted: readonly number[], p: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;
}

export function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}

/** Appends of 4 KiB with one sync each: what one durable step costs on this disk. */
export function fsyncFloor(writes = 500): { per_s: number; p50_ms: number } {
  const dir = mkdtempSync(join(tmpdir(), 'attendant-fsync-'));
  const fd = openSync(join(dir, 'log'), 'a');
  const block = Buffer.alloc(4096, 1);
  const times: number[] = [];
  for (let i = 0; i < writes; i++) {
    const begin = performance.now();
    writeSync(fd, block);
    fdatasyncSync(fd);
    times.push(performance.now() - begin);
  }
  closeSync(fd);
  rmSync(dir, { recursive: true });
  const total = times.reduce((sum, time) => sum + time, 0);
  return {
    per_s: round((writes * 1000) / total, 0),
    p50_ms: round(
      percentile(
        times.sort((a, b) => a - b),
        0.5,
      ),
      3,
    ),
  };
}

/** Highest resident memory that the process has had (MiB). */
export function peakRssMib(pid: number): number {
  const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return round(Number(peak ?? Number.NaN) / 1024, 0);
}

/** Resident memory of the process now (MiB). */
export function rssMib(pid: number): number {
  const now = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return round(Number(now ?? Number.NaN) / 1024, 0);
}

/** CPU time that the process has used so far (ms). */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
