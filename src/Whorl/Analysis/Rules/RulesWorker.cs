using Microsoft.Extensions.Options;

namespace Whorl.Analysis.Rules;

/// <summary>Has the library look at its files from time to time. Looking works on any file system, mounted configuration maps included.</summary>
internal sealed class RulesWorker(RuleLibrary library, IOptions<RulesOptions> options, TimeProvider clock) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(TimeSpan.FromSeconds(options.Value.ReloadSeconds), clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            library.Refresh();
        }
    }
}
