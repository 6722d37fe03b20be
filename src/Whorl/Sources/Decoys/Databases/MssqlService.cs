using System.Buffers.Binary;
using System.Text;
using Whorl.Sources.Decoys.Sessions;
using Whorl.Sources.Decoys.Text;

namespace Whorl.Sources.Decoys.Databases;

/// <summary>SQL Server (TDS 7.x): says that it cannot encrypt, so that LOGIN7 comes in clear, and refuses it.</summary>
internal sealed class MssqlService(DecoyPlace place) : IDecoyService
{
    private const byte Prelogin = 0x12;
    private const byte Login7 = 0x10;
    private const byte Mars = 4;

    // One packet of the usual size; LOGIN7 without extensions fits.
    private const int MaxPacket = 32 * 1024;

    private readonly Version _version = Version.TryParse(place.Service.Version, out Version? version) ? version : new Version(15, 0, 2000);

    public async Task ServeAsync(DecoySession session)
    {
        while (await session.HaveAsync(8))
        {
            (byte type, int length) = Head(session.Input.Span);
            if (length is < 8 or > MaxPacket || !await session.HaveAsync(length))
            {
                return;
            }

            byte[] message = session.Input[8..length].ToArray();
            session.Consume(length);
            switch (type)
            {
                case Prelogin:
                    await session.WriteAsync(Packet(PreloginAnswer(asksForMars: TdsLogin.PreloginNames(message, Mars))));
                    break;
                case Login7 when TdsLogin.Read(message) is { } login:
                    session.Report.ClientBanner = login.Application;
                    session.Report.Attempt(new("password", Latin(login.User), Encoding.UTF8.GetBytes(login.Password)));
                    if (login.Database.Length > 0)
                    {
                        session.Report.Command($"USE {Latin(login.Database)}", known: true);
                    }

                    await session.PauseAsync(Accounts.Pause);
                    await session.WriteAsync(Packet(Refusal(login)));
                    return;
                default:
                    return;
            }
        }
    }

    private static string Latin(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    private static (byte Type, int Length) Head(ReadOnlySpan<byte> head) => (head[0], BinaryPrimitives.ReadUInt16BigEndian(head[2..]));

    // VERSION, ENCRYPTION (not supported), INSTOPT, THREADID, and MARS where it was asked about ([MS-TDS] §2.2.6.5): each with its offset and length, then their values.
    private byte[] PreloginAnswer(bool asksForMars)
    {
        byte values = (byte)(asksForMars ? 26 : 21);
        byte[] mars = asksForMars ? [Mars, 0, (byte)(values + 8), 0, 1] : [];
        return
        [
            0, 0, values, 0, 6, 1, 0, (byte)(values + 6), 0, 1, 2, 0, (byte)(values + 7), 0, 1, 3, 0, (byte)(values + 8), 0, 0, .. mars, TdsLogin.EndOfOptions,
            (byte)_version.Major, (byte)_version.Minor, (byte)(_version.Build >> 8), (byte)_version.Build, 0, 0, 2, 0, .. asksForMars ? (byte[])[0] : [],
        ];
    }

    // ERROR 18456 and DONE; since TDS 7.2 the line and the count of rows are twice as long.
    private byte[] Refusal(TdsLogin login)
    {
        byte[] text = Encoding.Unicode.GetBytes($"Login failed for user '{login.User}'.");
        byte[] server = Encoding.Unicode.GetBytes(place.Persona.Host.ToUpperInvariant());
        byte[] line = login.IsLong ? [1, 0, 0, 0] : [1, 0];
        int length = 4 + 1 + 1 + 2 + text.Length + 1 + server.Length + 1 + line.Length;
        return
        [
            0xAA, (byte)length, (byte)(length >> 8), 0x18, 0x48, 0, 0, 1, 14, (byte)(text.Length / 2), (byte)(text.Length / 2 >> 8), .. text,
            (byte)(server.Length / 2), .. server, 0, .. line, 0xFD, 2, 0, 0, 0, .. new byte[2 * line.Length],
        ];
    }

    private static byte[] Packet(byte[] message) => [4, 1, (byte)((message.Length + 8) >> 8), (byte)(message.Length + 8), 0, 0, 1, 0, .. message];
}
