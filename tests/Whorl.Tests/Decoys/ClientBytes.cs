using System.Buffers.Binary;
using System.Text;

namespace Whorl.Tests.Decoys;

/// <summary>First messages of clients, for the services that speak binary.</summary>
internal static class ClientBytes
{
    // HandshakeResponse41: protocol 4.1, secure connection, plugin; root, an answer of 20 bytes.
    public static readonly byte[] MySqlLogin = MySql(
        [0x00, 0x82, 0x08, 0x00, 0, 0, 0, 1, 45, .. new byte[23], .. "root\0"u8, 20, .. Enumerable.Repeat((byte)0xA5, 20), .. "mysql_native_password\0"u8], 1);

    public static readonly byte[] PostgresStartup = Startup("user\0admin\0database\0shop\0application_name\0psql\0\0");

    public static readonly byte[] TdsPrelogin = [0x12, 1, 0, 20, 0, 0, 1, 0, 0, 0, 6, 0, 6, 0xFF, 9, 0, 0, 0, 0, 0];

    public static readonly byte[] RdpRequest = [3, 0, 0, 47, 42, 0xE0, 0, 0, 0, 0, 0, .. "Cookie: mstshash=Administr\r\n"u8, 1, 0, 8, 0, 3, 0, 0, 0];

    public static readonly byte[] SmbNegotiate = Smb(0, [36, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, .. new byte[16], .. new byte[8], 0x02, 0x02, 0x10, 0x02]);

    public static readonly byte[] NtlmNegotiate = [.. "NTLMSSP\0"u8, 1, 0, 0, 0, 0x15, 0x82, 8, 0x62, .. new byte[24]];

    public static readonly byte[] MqttConnect = [0x10, 24, 0, 4, .. "MQTT"u8, 4, 0xC2, 0, 60, 0, 0, 0, 4, .. "user"u8, 0, 4, .. "pass"u8];

    public static readonly byte[] DnsQuestion = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, .. "isc"u8, 7, .. "example"u8, 0, 0, 255, 0, 1];

    // Version 2c, community public, sysDescr.0.
    public static readonly byte[] SnmpGet = Convert.FromHexString("302902010104067075626c6963a01c020401020304020100020100300e300c06082b060102010101000500");

    public static byte[] TdsLogin(string user, string password)
    {
        byte[] users = Encoding.Unicode.GetBytes(user);
        byte[] hidden = [.. Encoding.Unicode.GetBytes(password).Select(each => (byte)(((each << 4) | (each >> 4)) ^ 0xA5))];
        byte[] login = new byte[94 + users.Length + hidden.Length];
        void Field(int index, int offset, int characters)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(login.AsSpan(36 + (4 * index)), (ushort)offset);
            BinaryPrimitives.WriteUInt16LittleEndian(login.AsSpan(38 + (4 * index)), (ushort)characters);
        }

        BinaryPrimitives.WriteInt32LittleEndian(login, login.Length);
        Field(1, 94, user.Length);
        Field(2, 94 + users.Length, password.Length);
        users.CopyTo(login, 94);
        hidden.CopyTo(login, 94 + users.Length);
        return [0x10, 1, (byte)((login.Length + 8) >> 8), (byte)(login.Length + 8), 0, 0, 1, 0, .. login];
    }

    public static byte[] SmbSetup(byte[] token) =>
        Smb(1, [25, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 88, 0, (byte)token.Length, (byte)(token.Length >> 8), 0, 0, 0, 0, 0, 0, 0, 0, .. token]);

    public static byte[] NtlmAnswer(string domain, string user)
    {
        byte[] domains = Encoding.Unicode.GetBytes(domain), users = Encoding.Unicode.GetBytes(user);
        byte[] message = new byte[64 + domains.Length + users.Length + 24];
        void Field(int at, int length, int offset)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(at), (ushort)length);
            BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(at + 4), (uint)offset);
        }

        "NTLMSSP\0"u8.CopyTo(message);
        message[8] = 3;
        Field(20, 24, 64 + domains.Length + users.Length);
        Field(28, domains.Length, 64);
        Field(36, users.Length, 64 + domains.Length);
        domains.CopyTo(message, 64);
        users.CopyTo(message, 64 + domains.Length);
        message.AsSpan(^24..).Fill(0xAB);
        return message;
    }

    private static byte[] MySql(byte[] payload, byte sequence) => [(byte)payload.Length, (byte)(payload.Length >> 8), 0, sequence, .. payload];

    private static byte[] Startup(string parameters) => [0, 0, 0, (byte)(parameters.Length + 8), 0, 3, 0, 0, .. Encoding.ASCII.GetBytes(parameters)];

    private static byte[] Smb(byte command, byte[] body)
    {
        byte[] message = [0xFE, .. "SMB"u8, 64, 0, 0, 0, 0, 0, 0, 0, command, 0, .. new byte[50], .. body];
        return [0, 0, (byte)(message.Length >> 8), (byte)message.Length, .. message];
    }
}
