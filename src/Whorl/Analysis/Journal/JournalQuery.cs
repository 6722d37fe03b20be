using System.Buffers;
using System.Text;
using Whorl.Kernel;

namespace Whorl.Analysis.Journal;

/// <summary>Which observations are wanted; everything left out does not narrow.</summary>
internal sealed record JournalQuery
{
    public string? Kind { get; init; }

    /// <summary>Made at or after this.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Made before this.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Older than this one: the last of a page gives the next page.</summary>
    public ObservationId? Before { get; init; }

    public int Limit { get; init; } = 100;

    /// <summary>
    /// Texts that every hit contains, case included. They only spare work (lines without them are not parsed); what is a hit
    /// <see cref="Match"/> decides.
    /// </summary>
    public IReadOnlyList<string> Needles { get; init; } = [];

    public Func<Observation, bool>? Match { get; init; }

    /// <summary>Stored bytes that may be read before the search ends without having seen everything.</summary>
    public long MaxScannedBytes { get; init; } = 1024L * 1024 * 1024;
}

/// <summary>What a search found, newest first.</summary>
/// <param name="SearchedBackTo">Where the search stopped because it had read enough; null where everything that was asked for was searched.</param>
internal sealed record JournalPage(IReadOnlyList<Observation> Observations, DateTimeOffset? SearchedBackTo);

/// <summary>Bytes to look for in stored text before parsing it.</summary>
internal static class JournalNeedle
{
    // Shorter ones are everywhere and spare nothing.
    private const int MinLength = 3;

    // What no JSON encoder escapes; which encoder wrote a block is not known.
    private static readonly SearchValues<char> Plain =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 !#$%()*,-.:;=?@[]^_{|}~");

    /// <summary>For each text its longest part that is stored as it stands; texts without such a part give nothing.</summary>
    public static byte[][] Of(IReadOnlyList<string> texts) =>
        [.. texts.Select(LongestPlain).Where(part => part.Length >= MinLength).OrderByDescending(part => part.Length).Select(Encoding.ASCII.GetBytes)];

    private static string LongestPlain(string text)
    {
        ReadOnlySpan<char> rest = text;
        ReadOnlySpan<char> longest = default;
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOfAnyExcept(Plain);
            ReadOnlySpan<char> part = end < 0 ? rest : rest[..end];
            if (part.Length > longest.Length)
            {
                longest = part;
            }

            rest = end < 0 ? default : rest[(end + 1)..];
        }

        return longest.ToString();
    }
}
