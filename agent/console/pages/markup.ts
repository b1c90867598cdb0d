function document(title: string, script: string, main: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="/console.css">
<link rel="icon" href="data:,">
<script type="module" src="/${script}"></script>
</head>
<body>
<div id="window">
<header><h1>${title}</h1><p id="connection" role="status"></p></header>
<main>
${main}
</main>
</div>
<div id="veil" hidden><p role="status">A dialog is open in another window. Close it to go on here.</p></div>
<p id="spoken" class="unseen" aria-live="polite"></p>
</body>
</html>
`;
}

export const flowsPage = document(
  'My flows',
  'flows.js',
  `<section aria-labelledby="flows-title">
<h2 id="flows-title">Desktop flows</h2>
<ul id="flows" class="cards"></ul>
<p id="no-flows" hidden>There is no desktop flow that can be started here.</p>
</section>
<section aria-labelledby="runs-title">
<h2 id="runs-title">Runs</h2>
<ul id="runs" class="cards"></ul>
<p id="no-runs">Nothing has run yet.</p>
</section>
<section aria-labelledby="settings-title">
<h2 id="settings-title">When a flow runs</h2>
<fieldset id="mode">
<legend>Tell me by</legend>
<label><input type="radio" name="mode" value="notifications"> desktop notifications</label>
<label><input type="radio" name="mode" value="window"> the monitoring window</label>
<label><input type="radio" name="mode" value="off"> nothing</label>
</fieldset>
<p><a id="open-monitor" href="/monitor" target="attendant-monitor">Open the monitoring window</a></p>
</section>`,
);

export const monitorPage = document(
  'Flow monitoring',
  'monitor.js',
  `<ul id="runs" class="cards" aria-label="Flows"></ul>
<p id="no-runs">No flow is running.</p>`,
);
