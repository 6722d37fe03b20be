using System.Text;
using Whorl.Sources.Decoys.Personas;
using Whorl.Sources.Decoys.Sessions;

namespace Whorl.Sources.Decoys.Text;

/// <summary>Whom a service lets in, and the telling of who tried.</summary>
internal static class Accounts
{
    // A real server's pause before it says no; it also keeps guessing slow where that is wanted.
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public static bool LetsIn(DecoyPlace place, string user, ReadOnlySpan<byte> secret)
    {
        if (place.Service.Accept != AcceptPolicy.Listed)
        {
            return place.Service.Accept == AcceptPolicy.Any;
        }

        string text = Encoding.Latin1.GetString(secret);
        return place.Persona.Accounts.Any(account => account.User == user && account.Passwords.Contains(text, StringComparer.Ordinal));
    }

    /// <summary>Tells of an attempt with a password in clear, and says whether it is let in.</summary>
    public static bool Try(DecoySession session, string method, string user, byte[] secret)
    {
        bool accepted = LetsIn(session.Place, user, secret);
        session.Report.Attempt(new(method, user, secret, Accepted: accepted));
        return accepted;
    }

    public static bool Try(DecoySession session, string method, string user, string secret) => Try(session, method, user, Encoding.Latin1.GetBytes(secret));
}
