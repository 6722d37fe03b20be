using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Whorl.Native.Sqlite;

/// <summary>Lets a managed SQLite provider find the system's library: packages of ours carry no native code.</summary>
internal static class SqliteLibrary
{
    /// <summary>What the distribution calls it, the versioned name first: the plain one comes only with the development package.</summary>
    private static readonly string[] Candidates = ["libsqlite3.so.0", "libsqlite3.so"];

    private static readonly Lock Gate = new();

    private static Assembly? resolved;

    public static bool IsPresent => TryLoad(out _);

    /// <summary>Maps the import name <c>e_sqlite3</c> of <paramref name="provider"/> to the system library. Safe to call again.</summary>
    public static void ResolveFor(Assembly provider)
    {
        lock (Gate)
        {
            if (resolved == provider)
            {
                return;
            }

            NativeLibrary.SetDllImportResolver(provider, static (name, _, _) =>
                string.Equals(name, "e_sqlite3", StringComparison.Ordinal) && TryLoad(out nint? handle) ? handle.Value : 0);
            resolved = provider;
        }
    }

    private static bool TryLoad([NotNullWhen(true)] out nint? handle)
    {
        foreach (string name in Candidates)
        {
            if (NativeLibrary.TryLoad(name, out nint found))
            {
                handle = found;
                return true;
            }
        }

        handle = null;
        return false;
    }
}
