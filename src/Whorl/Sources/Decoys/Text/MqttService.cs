using System.Text;
using Whorl.Fingerprints.Wire;
using Whorl.Sources.Decoys.Sessions;

namespace Whorl.Sources.Decoys.Text;

/// <summary>An MQTT broker (3.1, 3.1.1 and 5): hears names and passwords, and from those let in what they subscribe to and publish.</summary>
internal sealed class MqttService : IDecoyService
{
    // Packets of one conversation.
    private const int MaxPackets = 10_000;

    public async Task ServeAsync(DecoySession session)
    {
        bool inside = false;
        bool five = false;
        for (int i = 0; i < MaxPackets && await ReadAsync(session) is { } packet; i++)
        {
            switch (packet.Type)
            {
                case 1 when !inside && MqttConnect.Read(packet.Body) is { } connect:
                    five = connect.Level >= 5;
                    session.Report.ClientBanner = connect.Client;
                    bool accepted = Accounts.LetsIn(session.Place, connect.User ?? "", connect.Password ?? []);
                    session.Report.Attempt(new("password", connect.User, connect.Password, Accepted: accepted));
                    inside = accepted;
                    await session.WriteAsync(five ? [0x20, 3, 0, (byte)(inside ? 0 : 0x87), 0] : (byte[])[0x20, 2, 0, (byte)(inside ? 0 : 5)]);
                    if (!inside)
                    {
                        return;
                    }

                    break;
                case 3 when inside:
                    await PublishAsync(session, packet.Flags, packet.Body, five);
                    break;
                case 8 when inside && packet.Body.Length > 2:
                    session.Report.Command($"SUBSCRIBE {Topic(packet.Body.AsSpan(five ? Math.Min(3, packet.Body.Length) : 2))}", known: true);
                    await session.WriteAsync(five ? [0x90, 4, packet.Body[0], packet.Body[1], 0, 0] : (byte[])[0x90, 3, packet.Body[0], packet.Body[1], 0]);
                    break;
                case 12 when inside:
                    await session.WriteAsync((byte[])[0xD0, 0]);
                    break;
                default:
                    return;
            }
        }
    }

    private static async Task PublishAsync(DecoySession session, int flags, byte[] body, bool five)
    {
        string topic = Topic(body);
        bool acknowledged = (flags & 6) != 0;
        int skip = Math.Min(body.Length, 2 + topic.Length + (acknowledged ? 2 : 0) + (five ? 1 : 0));
        session.Report.Command($"PUBLISH {topic}", known: true);
        await session.Report.PayloadAsync(body.AsMemory(skip), body.Length - skip, topic);
        if (acknowledged && body.Length >= 4 + topic.Length)
        {
            await session.WriteAsync((byte[])[0x40, 2, body[2 + topic.Length], body[3 + topic.Length]]);
        }
    }

    private static string Topic(ReadOnlySpan<byte> bytes)
    {
        WireReader reader = new(bytes);
        return Encoding.Latin1.GetString(reader.Block16());
    }

    private static async Task<(int Type, int Flags, byte[] Body)?> ReadAsync(DecoySession session)
    {
        while (true)
        {
            ParseStatus status = Head(session.Input.Span, out int head, out int length);
            if (status == ParseStatus.Malformed || head + length > DecoySession.MaxInput)
            {
                return null;
            }

            if (status == ParseStatus.Done && session.Input.Length >= head + length)
            {
                byte first = session.Input.Span[0];
                byte[] body = session.Input.Slice(head, length).ToArray();
                session.Consume(head + length);
                return (first >> 4, first & 15, body);
            }

            if (!await session.MoreAsync())
            {
                return null;
            }
        }
    }

    /// <summary>The fixed header (MQTT 3.1.1 §2.2): type, and a length of up to four bytes with seven bits each.</summary>
    internal static ParseStatus Head(ReadOnlySpan<byte> bytes, out int head, out int length)
    {
        (head, length) = (0, 0);
        for (int i = 1; i <= 4; i++)
        {
            if (i >= bytes.Length)
            {
                return ParseStatus.NeedMore;
            }

            length |= (bytes[i] & 0x7F) << (7 * (i - 1));
            if (bytes[i] < 0x80)
            {
                head = i + 1;
                return ParseStatus.Done;
            }
        }

        return ParseStatus.Malformed;
    }
}

/// <summary>CONNECT of MQTT (3.1.1 §3.1, 5.0 §3.1).</summary>
internal sealed record MqttConnect(int Level, string Client, string? User, byte[]? Password)
{
    public static MqttConnect? Read(ReadOnlySpan<byte> body)
    {
        WireReader reader = new(body);
        ReadOnlySpan<byte> name = reader.Block16();
        if (!name.SequenceEqual("MQTT"u8) && !name.SequenceEqual("MQIsdp"u8))
        {
            return null;
        }

        int level = reader.U8(), flags = reader.U8();
        reader.U16();
        if (level >= 5)
        {
            Properties(ref reader);
        }

        string client = Encoding.Latin1.GetString(reader.Block16());
        if ((flags & 4) != 0)
        {
            // The will: its properties, topic and message.
            if (level >= 5)
            {
                Properties(ref reader);
            }

            reader.Block16();
            reader.Block16();
        }

        string? user = (flags & 0x80) != 0 ? Encoding.Latin1.GetString(reader.Block16()) : null;
        byte[]? password = (flags & 0x40) != 0 ? reader.Block16().ToArray() : null;
        return reader.Ok ? new(level, client, user, password) : null;
    }

    private static void Properties(ref WireReader reader)
    {
        int length = 0;
        for (int shift = 0; shift < 28; shift += 7)
        {
            int next = reader.U8();
            length |= (next & 0x7F) << shift;
            if (next < 0x80)
            {
                break;
            }
        }

        reader.Take(length);
    }
}
