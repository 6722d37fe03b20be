using System.Globalization;
using Whorl.Fuzz;
using Whorl.Fuzz.Targets;

const string Usage = "usage: Whorl.Fuzz [list] | all [SECONDS] [--seed N] | TARGET [SECONDS] [--seed N] [--replay FILE]";

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
int first = 1;

// `all 600` as well as `all --seconds 600`.
if (args.Length > 1 && TrySeconds(args[1], out double given))
{
    seconds = given;
    first = 2;
}

bool valid = chosen.Length > 0 && (args.Length - first) % 2 == 0;
for (int i = first; valid && i < args.Length; i += 2)
{
    valid = args[i] switch
    {
        "--seconds" => TrySeconds(args[i + 1], out seconds),
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

if (replay is not null)
{
    foreach (FuzzTarget each in chosen)
    {
        byte[] input = File.ReadAllBytes(replay);
        each.Body(input); // what the first run alone allocates is not the input's doing
        long before = GC.GetAllocatedBytesForCurrentThread();
        int answer = each.Body(input);
        Console.WriteLine($"{each.Name}: {answer}, {GC.GetAllocatedBytesForCurrentThread() - before} bytes allocated for {input.Length}");
    }

    return 0;
}

// Every target has its turn, also after another one's fault: a long run is to tell all it can.
int faults = 0;
foreach (FuzzTarget each in chosen)
{
    FuzzRun run = new(each, seed);
    bool sound = run.Go(TimeSpan.FromSeconds(seconds), Console.Error);
    faults += sound ? 0 : 1;
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{each.Name,-20} {run.Runs,12} runs {seconds,6} s {(sound ? 0 : 1)} faults  (corpus {run.Corpus}, seed {seed})"));
}

return faults == 0 ? 0 : 1;

static bool TrySeconds(string text, out double seconds) =>
    double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out seconds) && seconds is >= 0 and < 1e6;
