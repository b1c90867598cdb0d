console.log('The machines of the bench end a run without starting this.');
