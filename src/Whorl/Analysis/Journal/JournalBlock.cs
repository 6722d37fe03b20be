using Whorl.Kernel;

namespace Whorl.Analysis.Journal;

/// <summary>
/// The text of a row: a CloudEvents JSON batch with one event a line, <c>[\n{…},\n{…}\n]</c>. JSON escapes line feeds inside strings, so
/// lines are found without parsing, and an event that cannot be read does not hide the others.
/// </summary>
internal static class JournalBlock
{
    /// <summary>
    /// Ids of one block lie this close together, so an id is looked for in few rows. Sources batch for a tenth of a second; what is
    /// further apart is stored as several blocks.
    /// </summary>
    public static readonly TimeSpan MaxSpan = TimeSpan.FromSeconds(10);

    /// <summary>The blocks to store for one message; null where it is not a batch of observations.</summary>
    public static IReadOnlyList<ObservationBatch>? Read(string kind, ReadOnlyMemory<byte> json)
    {
        if (TryScan(json.Span, out ObservationId first, out ObservationId last, out int count) && Span(first, last) <= MaxSpan)
        {
            return [new(kind, count, first, last, json)];
        }

        if (!CloudEvents.TryReadBatch(json, out IReadOnlyList<Observation> observations))
        {
            if (!CloudEvents.TryRead(json, out Observation? single))
            {
                return null;
            }

            observations = [single!];
        }

        return [.. Regroup(kind, observations)];
    }

    /// <summary>The next line that holds an event, at or after <paramref name="position"/>, which moves behind it.</summary>
    public static bool TryNextLine(ReadOnlySpan<byte> json, ref int position, out Range line)
    {
        while (position < json.Length)
        {
            int start = position;
            int length = json[start..].IndexOf((byte)'\n');
            int end = length < 0 ? json.Length : start + length;
            position = end + 1;
            if (TryTrim(json, start, end, out line))
            {
                return true;
            }
        }

        line = default;
        return false;
    }

    /// <summary>The line around <paramref name="index"/>; <paramref name="next"/> is where the following one begins.</summary>
    public static bool TryLineAround(ReadOnlySpan<byte> json, int index, out Range line, out int next)
    {
        int start = json[..index].LastIndexOf((byte)'\n') + 1;
        int length = json[index..].IndexOf((byte)'\n');
        int end = length < 0 ? json.Length : index + length;
        next = end + 1;
        return TryTrim(json, start, end, out line);
    }

    private static bool TryTrim(ReadOnlySpan<byte> json, int start, int end, out Range line)
    {
        if (end > start && json[end - 1] == (byte)',')
        {
            end--;
        }

        line = start..end;
        return end > start && json[start] == (byte)'{' && json[end - 1] == (byte)'}';
    }

    /// <summary>Reads ids where every line is written as <see cref="CloudEvents"/> writes it; false sends the batch through the parser.</summary>
    private static bool TryScan(ReadOnlySpan<byte> json, out ObservationId first, out ObservationId last, out int count)
    {
        ReadOnlySpan<byte> prefix = "{\"specversion\":\"1.0\",\"id\":\""u8;
        (first, last, count) = (default, default, 0);
        if (!json.StartsWith("[\n"u8) || !json.EndsWith("\n]"u8))
        {
            return false;
        }

        UInt128 smallest = UInt128.MaxValue, largest = 0;
        Span<char> text = stackalloc char[Uuid7.TextLength];
        int position = 2;
        while (position < json.Length - 1)
        {
            if (!TryNextLine(json, ref position, out Range line) || !json[line].StartsWith(prefix))
            {
                return false;
            }

            ReadOnlySpan<byte> rest = json[line][prefix.Length..];
            if (rest.Length <= Uuid7.TextLength || rest[Uuid7.TextLength] != (byte)'"')
            {
                return false;
            }

            System.Text.Ascii.ToUtf16(rest[..Uuid7.TextLength], text, out _);
            if (!ObservationId.TryParse(text, out ObservationId id))
            {
                return false;
            }

            UInt128 bits = Bits(id);
            if (bits < smallest)
            {
                (smallest, first) = (bits, id);
            }

            if (bits >= largest)
            {
                (largest, last) = (bits, id);
            }

            count++;
        }

        return count > 0;
    }

    private static IEnumerable<ObservationBatch> Regroup(string kind, IReadOnlyList<Observation> observations)
    {
        List<Observation> block = [];
        foreach (Observation observation in observations.OrderBy(observation => Bits(observation.Id)))
        {
            if (block.Count > 0 && Span(block[0].Id, observation.Id) > MaxSpan)
            {
                yield return Encode(kind, block);
                block.Clear();
            }

            block.Add(observation);
        }

        if (block.Count > 0)
        {
            yield return Encode(kind, block);
        }
    }

    private static ObservationBatch Encode(string kind, List<Observation> observations) =>
        new(kind, observations.Count, observations[0].Id, observations[^1].Id, CloudEvents.WriteBatch(observations));

    private static TimeSpan Span(ObservationId first, ObservationId last) => Uuid7.TimeOf(last.Value) - Uuid7.TimeOf(first.Value);

    /// <summary>An id as a number: ids compare as these do.</summary>
    public static UInt128 Bits(ObservationId id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.Value.TryWriteBytes(bytes, bigEndian: true, out _);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
