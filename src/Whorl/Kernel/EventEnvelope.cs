using System.Buffers.Text;
using System.Text;

namespace Whorl.Kernel;

/// <summary>
/// Writes what stands around the attributes of an observation about an address, as <see cref="CloudEvents"/> reads it, without its
/// intermediate objects. One kind of one sensor; used by one thread.
/// </summary>
internal sealed class EventEnvelope(string sensor, string kind)
{
    private readonly byte[] _beforeSubject = Encoding.UTF8.GetBytes($"\",\"source\":\"/sensors/{sensor}\",\"type\":\"{CloudEvents.TypePrefix}{kind}\",\"subject\":\"ip:");

    private readonly byte[] _beforeData = Encoding.UTF8.GetBytes($"\",\"dataschema\":\"{CloudEvents.SchemaPrefix}{kind}\",\"data\":{{");

    private readonly TimeText _time = new();

    /// <summary>Writes up to and with the brace that opens the attributes.</summary>
    public void Open(ref Utf8JsonBuffer json, ObservationId id, ReadOnlySpan<byte> address, DateTimeOffset time)
    {
        json.Raw("{\"specversion\":\"1.0\",\"id\":\""u8);
        Uuid7.Write(id.Value, json.Take(Uuid7.TextLength));
        json.Raw(_beforeSubject);
        json.Raw(address);
        json.Raw("\",\"time\":\""u8);
        _time.Write(ref json, time.UtcTicks);
        json.Raw(_beforeData);
    }

    /// <summary>Closes the attributes and the event.</summary>
    public static void Close(ref Utf8JsonBuffer json) => json.Raw("}}"u8);
}

/// <summary>Writes times as RFC 3339 with microseconds; the part down to the second is made once a second.</summary>
internal sealed class TimeText
{
    private readonly byte[] _second = new byte[19];

    private long _secondTicks = -1;

    /// <summary>2026-11-20T12:34:56.123456Z</summary>
    /// <param name="ticks">Ticks of UTC.</param>
    public void Write(ref Utf8JsonBuffer json, long ticks)
    {
        long second = ticks / TimeSpan.TicksPerSecond;
        if (second != _secondTicks)
        {
            _secondTicks = second;
            Encoding.ASCII.GetBytes(new DateTime(ticks, DateTimeKind.Utc).ToString("yyyy-MM-dd'T'HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture), _second);
        }

        json.Raw(_second);
        Span<byte> fraction = json.Take(8);
        fraction[0] = (byte)'.';
        Utf8Formatter.TryFormat(ticks % TimeSpan.TicksPerSecond / 10, fraction[1..], out _, new('D', 6));
        fraction[7] = (byte)'Z';
    }
}
