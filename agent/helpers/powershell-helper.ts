/** The module `Attendant` for desktop flows written in PowerShell 5.1 or later. Its messages go through the message file. */
export const powershellHelper = `# Talk to the agent from a desktop flow.
function Send-Message([hashtable] $Message) {
    $line = ($Message | ConvertTo-Json -Compress -Depth 20) + "\`n"
    [System.IO.File]::AppendAllText($env:ATTENDANT_MESSAGES, $line)
}

# The run's inputs by name; an input of format "file" is a path.
function Get-AttendantInput {
    Get-Content -Raw -Encoding UTF8 -LiteralPath $env:ATTENDANT_INPUTS | ConvertFrom-Json
}

# Path of a file that is kept with the run.
function Get-AttendantArtifact([Parameter(Mandatory)] [string] $Name) {
    Join-Path $env:ATTENDANT_ARTIFACTS $Name
}

# Sets one output.
function Set-AttendantOutput([Parameter(Mandatory)] [string] $Name, $Value) {
    Send-Message @{ type = 'output'; name = $Name; value = $Value }
}

# Tells what is done right now.
function Write-AttendantProgress([string] $Subflow, [string] $Action, [double] $Percent, [string] $Message) {
    $said = @{ type = 'progress' }
    foreach ($name in $PSBoundParameters.Keys) { $said[$name.ToLowerInvariant()] = $PSBoundParameters[$name] }
    Send-Message $said
}

# Whether the run was asked to stop.
function Test-AttendantStop {
    Test-Path -LiteralPath $env:ATTENDANT_STOP
}

# Ends here when the run was asked to stop.
function Wait-AttendantCheckpoint {
    if (Test-AttendantStop) {
        Send-Message @{ type = 'stopped' }
        exit 0
    }
}

# Ends the run as failed.
function Stop-AttendantRun([Parameter(Mandatory)] [string] $Message, [string] $Code, [string] $Details) {
    $said = @{ type = 'error' }
    foreach ($name in $PSBoundParameters.Keys) { $said[$name.ToLowerInvariant()] = $PSBoundParameters[$name] }
    Send-Message $said
    exit 1
}

Export-ModuleMember -Function *-Attendant*
`;
