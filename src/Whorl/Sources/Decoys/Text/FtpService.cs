using System.Net.Security;
using Whorl.Sources.Decoys.Sessions;
using Whorl.Sources.Decoys.Shell;

namespace Whorl.Sources.Decoys.Text;

/// <summary>FTP (RFC 959) as vsftpd speaks it: sign-in, and for those let in listings, downloads of the persona's files and uploads, which are kept as payloads.</summary>
internal sealed class FtpService(DecoyPlace place, Func<SslStreamCertificateContext> certificate) : IDecoyService
{
    private readonly string _banner = place.Service.Banner ?? "(vsFTPd 3.0.3)";

    public async Task ServeAsync(DecoySession session)
    {
        await session.WriteAsync($"220 {_banner}\r\n");
        string user = "";
        bool inside = false;
        using FtpData data = new(session, certificate);
        FileTree files = new(session.Place.Persona);
        while (await session.ReadLineAsync() is { } line)
        {
            (string verb, string argument) = Split(line);
            switch (verb)
            {
                case "USER":
                    user = argument;
                    session.Report.Command(line, known: true);
                    await session.WriteAsync("331 Please specify the password.\r\n");
                    break;
                case "PASS":
                    inside = Accounts.Try(session, "password", user, argument);
                    await session.PauseAsync(Accounts.Pause);
                    await session.WriteAsync(inside ? "230 Login successful.\r\n" : "530 Login incorrect.\r\n");
                    break;
                case "QUIT":
                    session.Report.Command(line, known: true);
                    await session.WriteAsync("221 Goodbye.\r\n");
                    return;
                case "AUTH" when argument.StartsWith("TLS", StringComparison.OrdinalIgnoreCase) && !session.IsEncrypted:
                    session.Report.Command(line, known: true);
                    await session.WriteAsync("234 Proceed with negotiation.\r\n");
                    await session.StartTlsAsync(certificate());
                    break;
                case "PROT" when session.IsEncrypted:
                    data.IsProtected = argument.Equals("P", StringComparison.OrdinalIgnoreCase);
                    session.Report.Command(line, known: true);
                    await session.WriteAsync(data.IsProtected ? "200 PROT now Private.\r\n" : "200 PROT now Clear.\r\n");
                    break;
                default:
                    await OtherAsync(session, data, files, inside, line, verb, argument);
                    break;
            }
        }
    }

    private static async Task OtherAsync(DecoySession session, FtpData data, FileTree files, bool inside, string line, string verb, string argument)
    {
        string? answer = Always(session, verb) ?? (inside ? null : "530 Please login with USER and PASS.");
        answer ??= verb switch
        {
            "PWD" or "XPWD" => $"257 \"{files.Folder}\" is the current directory",
            "CWD" => files.TryEnter(argument) ? "250 Directory successfully changed." : "550 Failed to change directory.",
            "CDUP" => files.TryEnter("..") ? "250 Directory successfully changed." : "550 Failed to change directory.",
            "TYPE" => argument.StartsWith("I", StringComparison.OrdinalIgnoreCase) ? "200 Switching to Binary mode." : "200 Switching to ASCII mode.",
            "PASV" => data.TryListen(extended: false),
            "EPSV" => data.TryListen(extended: true),
            "SIZE" => files.Read(argument) is { } found ? $"213 {found.Length}" : "550 Could not get file size.",
            "DELE" or "RMD" or "MKD" or "RNFR" or "RNTO" => "550 Permission denied.",
            "LIST" or "NLST" or "RETR" or "STOR" or "APPE" => "",
            "PORT" or "EPRT" => "500 Illegal PORT command.",
            "SYST" => "215 UNIX Type: L8",
            "NOOP" => "200 NOOP ok.",
            "HELP" => "214-The following commands are recognized.\r\n ABOR ACCT ALLO APPE CDUP CWD  DELE EPRT EPSV FEAT HELP LIST MDTM MKD\r\n MODE NLST NOOP OPTS PASS PASV PORT PWD  QUIT REIN REST RETR RMD  RNFR\r\n RNTO SITE SIZE SMNT STAT STOR STOU STRU SYST TYPE USER\r\n214 Help OK.",
            _ => null,
        };
        session.Report.Command(line, answer is not null);
        if (answer is { Length: 0 })
        {
            await TransferAsync(session, data, files, verb, argument);
            return;
        }

        await session.WriteAsync((answer ?? "500 Unknown command.") + "\r\n");
    }

    // What vsftpd with TLS answers to before anybody signed in.
    private static string? Always(DecoySession session, string verb) => verb switch
    {
        "FEAT" => "211-Features:\r\n AUTH TLS\r\n EPRT\r\n EPSV\r\n MDTM\r\n PASV\r\n PBSZ\r\n PROT\r\n REST STREAM\r\n SIZE\r\n TVFS\r\n211 End",
        "OPTS" => "200 Always in UTF8 mode.",
        "PBSZ" => session.IsEncrypted ? "200 PBSZ set to 0." : "503 PBSZ needs a secure connection.",
        "PROT" => "503 PROT needs a secure connection.",
        _ => null,
    };

    private static async Task TransferAsync(DecoySession session, FtpData data, FileTree files, string verb, string argument)
    {
        if (!data.IsListening)
        {
            await session.WriteAsync("425 Use PORT or PASV first.\r\n");
            return;
        }

        byte[]? content = verb switch
        {
            "RETR" => files.Read(argument),
            "LIST" => System.Text.Encoding.Latin1.GetBytes(files.List(argument.StartsWith('-') ? "" : argument, all: true, details: true).ReplaceLineEndings("\r\n")),
            "NLST" => System.Text.Encoding.Latin1.GetBytes(files.List(argument, all: false, details: false).ReplaceLineEndings("\r\n")),
            _ => [],
        };
        if (content is null)
        {
            await session.WriteAsync("550 Failed to open file.\r\n");
            return;
        }

        await session.WriteAsync(verb is "LIST" or "NLST" ? "150 Here comes the directory listing.\r\n" : "150 Ok to send data.\r\n");
        bool whole = verb is "STOR" or "APPE" ? await data.ReceiveAsync(argument) : await data.SendAsync(content);
        await session.WriteAsync(whole ? verb is "LIST" or "NLST" ? "226 Directory send OK.\r\n" : "226 Transfer complete.\r\n" : "425 Failed to establish connection.\r\n");
    }

    private static (string Verb, string Argument) Split(string line)
    {
        int space = line.IndexOf(' ');
        return space < 0 ? (line.ToUpperInvariant(), "") : (line[..space].ToUpperInvariant(), line[(space + 1)..]);
    }
}
