using System.Net;
using Whorl.Sources.Decoys.Personas;

namespace Whorl.Sources.Decoys.Sessions;

/// <summary>One service of one decoy on one address.</summary>
internal sealed record DecoyPlace(string Decoy, Persona Persona, PersonaService Service, IPEndPoint EndPoint)
{
    public override string ToString() => EndPoint.ToString();
}

/// <summary>How a conversation ended; as <c>session.close</c> names it.</summary>
internal enum SessionClose
{
    Client,
    Decoy,
    TimeLimit,
    ByteLimit,
    Idle,
    Stopping,
}

/// <summary>One attempt to sign in.</summary>
/// <param name="Method">As <c>auth.method</c> names it.</param>
/// <param name="User">Name that was given, one character per byte.</param>
/// <param name="Secret">What was given as proof; null where there was none.</param>
/// <param name="Challenge">What the secret answers to.</param>
/// <param name="Accepted">Whether the decoy let them in.</param>
internal readonly record struct AuthAttempt(string Method, string? User, byte[]? Secret, string? Challenge = null, bool Accepted = false);

/// <summary>Holds conversations of one service. One instance serves all of them.</summary>
internal interface IDecoyService
{
    /// <summary>Holds one conversation to its end. The session keeps every bound of time and size, and tells when it is over by reading nothing more.</summary>
    Task ServeAsync(DecoySession session);
}

/// <summary>Answers datagrams of one service.</summary>
internal interface IDatagramService
{
    /// <summary>The answer; empty where there is none. It is cut off where it is longer than what was asked, so that nobody can have us flood others.</summary>
    ReadOnlyMemory<byte> Answer(ReadOnlySpan<byte> datagram, DatagramReport report);
}
