using System.Text;
using Whorl.Kernel.Content;

namespace Whorl.Sources.Decoys.Personas;

/// <summary>Finds and reads persona files on disk; one of a later folder takes the place of one of the same name.</summary>
internal static class PersonaFiles
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static IReadOnlyDictionary<string, Persona> Read(IReadOnlyList<string> folders, List<ContentFault> faults)
    {
        Dictionary<string, Persona> personas = new(StringComparer.Ordinal);
        foreach (string folder in folders.Where(Directory.Exists))
        {
            HashSet<string> here = new(StringComparer.Ordinal);
            foreach (string file in Directory.EnumerateFiles(folder, "*.yaml").Order(StringComparer.Ordinal))
            {
                if (Text(file, faults) is not { } text || PersonaReader.Read(file, text, faults) is not { } persona)
                {
                    continue;
                }

                if (!here.Add(persona.Name))
                {
                    faults.Add(new(persona.Place, $"there is another persona {persona.Name} in this folder"));
                }

                personas[persona.Name] = persona;
            }
        }

        return personas;
    }

    private static string? Text(string file, List<ContentFault> faults)
    {
        try
        {
            if (new FileInfo(file).Length <= PersonaReader.MaxFileLength)
            {
                return Strict.GetString(File.ReadAllBytes(file)).TrimStart('\uFEFF');
            }

            faults.Add(new(new(file, 1, 1), $"a persona file may be {PersonaReader.MaxFileLength / 1024} KiB long"));
        }
        catch (DecoderFallbackException)
        {
            faults.Add(new(new(file, 1, 1), "this file is not UTF-8"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            faults.Add(new(new(file, 1, 1), $"this file cannot be read: {exception.Message}"));
        }

        return null;
    }
}
