/** What the root of the port shows, so that a browser tells whether the host is up. */
export const ROOT_PAGE = `<!DOCTYPE html>
<html>
<head>
    <title>Your function app is up and running</title>
</head>
<body>
    <h1>Your function app is up and running</h1>
</body>
</html>
`;
