namespace Whorl.Kernel.Content;

/// <summary>Finds the name somebody may have meant.</summary>
internal static class NearestName
{
    // Two slips in a word are a typing error; three are another word.
    private const int MaxSlips = 2;

    // Names are short; anything longer was not meant to be one.
    private const int MaxLength = 64;

    public static string? Hint(string written, IEnumerable<string> known)
    {
        if (written.Length > MaxLength)
        {
            return null;
        }

        string? best = null;
        int fewest = MaxSlips + 1;
        foreach (string name in known)
        {
            int slips = Slips(written.ToLowerInvariant(), name);
            if (slips < fewest)
            {
                (best, fewest) = (name, slips);
            }
        }

        return best is null ? null : $"did you mean {best}?";
    }

    // Levenshtein distance, one row at a time.
    private static int Slips(string left, string right)
    {
        int[] row = new int[right.Length + 1];
        for (int j = 0; j < row.Length; j++)
        {
            row[j] = j;
        }

        for (int i = 1; i <= left.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (left[i - 1] == right[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }
}
