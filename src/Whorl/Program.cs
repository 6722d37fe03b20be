using Whorl.Hosting;

// Socket completions run inline (docs/decisions/0003): read once by the runtime, before the first socket is made.
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

return await WhorlCommandLine.RunAsync(args);
