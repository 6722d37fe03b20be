using System.Text;
using System.Text.Json;

namespace Whorl.Fingerprints.Tests.Fuzzy;

/// <summary>
/// The documents of <c>fuzzy-documents.jsonl</c>, made from a kind, a seed and a length so that no megabytes are committed.
/// <c>vectors/make-fuzzy.py</c> makes the same bytes and asks the real tools about them.
/// </summary>
internal static class Documents
{
    public static byte[] Make(JsonElement row)
    {
        uint seed = row.GetProperty("seed").GetUInt32();
        int length = row.GetProperty("length").GetInt32();
        return row.GetProperty("kind").GetString() switch
        {
            "random" => Random(seed, length),
            "text" => Text(seed, length),
            "few" => [.. Random(seed, length).Select(b => (byte)('a' + (b & 3)))],
            "same" => [.. Enumerable.Repeat((byte)seed, length)],
            "zero-tail" => [.. Random(seed, length / 2), .. new byte[length - (length / 2)]],
            string kind => throw new InvalidOperationException($"fuzzy-documents.jsonl names an unknown kind: {kind}"),
            null => throw new InvalidOperationException("fuzzy-documents.jsonl has a row without kind"),
        };
    }

    /// <summary>Bytes of a 32-bit xorshift generator.</summary>
    public static byte[] Random(uint seed, int length)
    {
        byte[] bytes = new byte[length];
        uint state = seed | 1;
        for (int i = 0; i < length; i++)
        {
            state = Next(state);
            bytes[i] = (byte)(state >> 11);
        }

        return bytes;
    }

    private static byte[] Text(uint seed, int length)
    {
        string[] words = ["login", "bank", "the", "secure", "of", "account", "<div>", "</div>", "your", "password", "is", "now"];
        StringBuilder text = new();
        uint state = seed | 1;
        while (text.Length < length)
        {
            state = Next(state);
            text.Append(words[(state >> 7) % 12]).Append((state >> 20) % 9 == 0 ? '\n' : ' ');
        }

        return Encoding.ASCII.GetBytes(text.ToString(0, length));
    }

    private static uint Next(uint state)
    {
        state ^= state << 13;
        state ^= state >> 17;
        return state ^ (state << 5);
    }
}
