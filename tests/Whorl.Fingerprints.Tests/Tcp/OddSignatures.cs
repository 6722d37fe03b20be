using System.Globalization;
using System.Text.RegularExpressions;
using Whorl.Fingerprints.Tcp;

namespace Whorl.Fingerprints.Tests.Tcp;

/// <summary>Signature files made by loosening the signatures of given packets, so that every kind of match occurs.</summary>
internal static partial class OddSignatures
{
    private const int LinesBeforeFirst = 2;

    public static List<string> Make(byte[][] packets, int seed)
    {
        Random random = new(seed);
        HashSet<string> seen = new(StringComparer.Ordinal);
        List<string> lines = [];
        foreach (byte[] packet in packets.Where((_, i) => i % 12 == 0))
        {
            TcpStack.TryParseSyn(packet, out TcpStack? stack);
            string signature = Loosen(stack!, random);
            if (seen.Add(signature))
            {
                lines.Add(signature);
            }
        }

        return lines;
    }

    // Every signature has a label of its own: the name tells which line matched.
    public static string File(List<string> signatures) =>
        "classes = unix,win\n[tcp:request]\n" + string.Concat(signatures.Select((signature, i) => (i % 5) switch
        {
            0 => $"label = g:unix:Generic:{i}\n; -\nsig = {signature}\n",
            1 => $"label = s:!:Program:{i}\nsys = @unix,@win\nsig = {signature}\n",
            _ => $"label = s:win:Specific:{i}\n; -\nsig = {signature}\n",
        }));

    public static void RemoveRefused(List<string> signatures, string refusal)
    {
        Match match = RefusedLine().Match(refusal);
        match.Success.ShouldBeTrue(refusal);
        int line = int.Parse(match.Groups["line"].Value, CultureInfo.InvariantCulture);
        signatures.RemoveAt((line - LinesBeforeFirst - 1) / 3);
    }

    private static string Loosen(TcpStack stack, Random random)
    {
        string[] parts = stack.StackSignature.Split(':');
        parts[0] = random.Next(3) == 0 ? parts[0] : "*";
        parts[1] = random.Next(6) switch
        {
            0 => $"{parts[1]}-",
            1 => "64",
            2 => $"{stack.ObservedTtl}+{Math.Min(3, 255 - stack.ObservedTtl)}",
            _ => parts[1],
        };
        parts[3] = random.Next(2) == 0 ? "*" : parts[3];
        string[] window = parts[4].Split(',');
        window[0] = random.Next(5) switch
        {
            0 => "*",
            1 => $"%{random.Next(2, 200)}",
            2 => "mss*4",
            3 => stack.Window.ToString(CultureInfo.InvariantCulture),
            _ => window[0],
        };
        window[1] = random.Next(2) == 0 ? "*" : window[1];
        parts[4] = string.Join(',', window);
        parts[6] = Quirks(parts[0], parts[6], random);
        parts[7] = random.Next(2) == 0 ? "*" : parts[7];
        return string.Join(':', parts);
    }

    private static string Quirks(string version, string quirks, Random random)
    {
        List<string> names = [.. quirks.Split(',', StringSplitOptions.RemoveEmptyEntries)];
        string[] maybe = version == "6" ? ["ecn"] : ["df", "id+", "id-", "ecn"];
        if (random.Next(2) == 0)
        {
            string name = maybe[random.Next(maybe.Length)];
            if (!names.Remove(name))
            {
                names.Add(name);
            }
        }

        return string.Join(',', names);
    }

    [GeneratedRegex(@"line (?<line>\d+)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex RefusedLine();
}
