using System.Globalization;
using Whorl.Fuzz;

const string Usage = "usage: Whorl.Fuzz [list] | all [--seconds N] [--seed N] | TARGET [--seconds N] [--seed N] [--replay FILE]";

// Without arguments too: the list is what a newcomer needs.
if (args is [] or ["list"])
{
    foreach (FuzzTarget each in FuzzTargets.All)
    {
        Console.WriteLine(each.Name);
    }

    return 0;
}

FuzzTarget[] chosen = [.. FuzzTargets.All.Where(t => args[0] == "all" || args[0] == t.Name)];
double seconds = 60;
int seed = 1;
string? replay = null;
bool valid = chosen.Length > 0 && args.Length % 2 == 1;
for (int i = 1; valid && i < args.Length; i += 2)
{
    valid = args[i] switch
    {
        "--seconds" => double.TryParse(args[i + 1], NumberStyles.Float, CultureInfo.InvariantCulture, out seconds) && seconds is >= 0 and < 1e6,
        "--seed" => int.TryParse(args[i + 1], NumberStyles.Integer, CultureInfo.InvariantCulture, out seed),
        "--replay" => File.Exists(replay = args[i + 1]),
        _ => false,
    };
}

if (!valid)
{
    Console.Error.WriteLine(Usage);
    return 2;
}

foreach (FuzzTarget each in chosen)
{
    if (replay is not null)
    {
        Console.WriteLine($"{each.Name}: {each.Body(File.ReadAllBytes(replay))}");
        continue;
    }

    FuzzRun run = new(each, seed);
    if (!run.Go(TimeSpan.FromSeconds(seconds), Console.Error))
    {
        return 1;
    }

    Console.WriteLine($"{each.Name}: {run.Runs} runs in {seconds} s, corpus {run.Corpus}, seed {seed}: no exception, no hang, memory bounded");
}

return 0;
