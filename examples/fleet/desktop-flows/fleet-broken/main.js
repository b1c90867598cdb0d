console.log('On a real machine this desktop flow has nothing to do.');
