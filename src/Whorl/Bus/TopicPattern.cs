namespace Whorl.Bus;

/// <summary>Topic wildcards as AMQP 0-9-1 defines them for topic exchanges (§3.1.3.3): <c>*</c> is one word, <c>#</c> is zero or more.</summary>
internal static class TopicPattern
{
    public static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> topic)
    {
        // The usual wildcard walk, over words: after a dead end the last # swallows one word more. No recursion, no allocation.
        int p = 0, t = 0, afterHash = -1, resume = 0;
        while (t <= topic.Length)
        {
            ReadOnlySpan<char> word = WordAt(topic, t);
            ReadOnlySpan<char> wanted = p <= pattern.Length ? WordAt(pattern, p) : default;
            if (p <= pattern.Length && wanted is "#")
            {
                p += 2;
                afterHash = p;
                resume = t;
            }
            else if (p <= pattern.Length && (wanted is "*" || wanted.SequenceEqual(word)))
            {
                p += wanted.Length + 1;
                t += word.Length + 1;
            }
            else if (afterHash >= 0)
            {
                resume += WordAt(topic, resume).Length + 1;
                (p, t) = (afterHash, resume);
            }
            else
            {
                return false;
            }
        }

        while (p <= pattern.Length && WordAt(pattern, p) is "#")
        {
            p += 2;
        }

        return p > pattern.Length;
    }

    private static ReadOnlySpan<char> WordAt(ReadOnlySpan<char> text, int start)
    {
        ReadOnlySpan<char> rest = text[start..];
        int dot = rest.IndexOf('.');
        return dot < 0 ? rest : rest[..dot];
    }
}
