// The Bicep compiler, from NuGet by the .NET SDK's ordinary restore, kept below node_modules/.cache.
//   node scripts/bicep.mjs build infra/main.bicep --stdout
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSION = '0.49.2';
const CACHE = resolve(fileURLToPath(import.meta.url), '../../node_modules/.cache/bicep', VERSION);

function packageName() {
  const systems = { linux: 'linux', darwin: 'osx', win32: 'win' };
  const system = systems[process.platform];
  if (!system || !['x64', 'arm64'].includes(process.arch)) {
    throw new Error(`There is no Bicep compiler for ${process.platform} ${process.arch}.`);
  }
  return `Azure.Bicep.CommandLine.${system}-${process.arch}`;
}

/**
 * Path of the compiler; downloads it the first time.
 * @throws {Error} without the .NET SDK or, the first time, without a network.
 */
export function bicepCompiler() {
  const name = packageName();
  const program = process.platform === 'win32' ? 'bicep.exe' : 'bicep';
  const path = join(CACHE, name.toLowerCase(), VERSION, 'tools', program);
  if (existsSync(path)) return path;
  mkdirSync(CACHE, { recursive: true });
  const project = join(CACHE, 'bicep.csproj');
  writeFileSync(
    project,
    `<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>netstandard2.0</TargetFramework>
    <DisableImplicitFrameworkReferences>true</DisableImplicitFrameworkReferences>
  </PropertyGroup>
  <ItemGroup><PackageDownload Include="${name}" Version="[${VERSION}]" /></ItemGroup>
</Project>
`,
  );
  const restore = spawnSync('dotnet', ['restore', project, '--packages', CACHE], {
    encoding: 'utf8',
    env: { ...process.env, DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1' },
  });
  if (restore.error)
    throw new Error(`The .NET SDK is needed to fetch the Bicep compiler: ${restore.error.message}`);
  if (restore.status !== 0) throw new Error(`dotnet restore failed:\n${restore.stdout}${restore.stderr}`);
  chmodSync(path, 0o755);
  return path;
}

/**
 * Runs the compiler; a warning is an error.
 * @param {string[]} args
 * @returns {string} what it wrote to stdout
 */
export function bicep(args) {
  const run = spawnSync(bicepCompiler(), args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (run.error) throw run.error;
  if (run.status !== 0 || /\b(Warning|Error) [\w-]+:/.test(run.stderr)) {
    throw new Error(`bicep ${args.join(' ')}:\n${run.stderr}`);
  }
  return run.stdout;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  execFileSync(bicepCompiler(), process.argv.slice(2), { stdio: 'inherit' });
}
