using Whorl.Hosting;

return await WhorlCommandLine.RunAsync(args);
